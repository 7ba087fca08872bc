export type { LocalConstructor, LocalInitOptions, LocalMethods, LocalOptions } from './api.js';
export { Local } from './local.js';
