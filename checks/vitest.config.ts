import { defineConfig } from 'vitest/config';

/** The checks of the repository itself; they read the packages and run none of them. */
export default defineConfig({ test: { include: ['*.test.ts'] } });
