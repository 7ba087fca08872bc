import { defineConfig, type ViteUserConfig } from 'vitest/config';

/** The packages under test are the built ones, loaded by Node itself, as users load them. */
export const config: ViteUserConfig = defineConfig({
	test: {
		include: ['test/**/*.test.ts'],
		typecheck: { enabled: false },
		server: { deps: { external: [/\/packages\/\w+\/dist\//] } },
		testTimeout: 60_000,
		hookTimeout: 60_000,
		maxWorkers: 2,
	},
});
