export { config as default } from '../../vitest.base.ts';
