import { defineConfig } from 'tsup';

const common = { target: 'node20', platform: 'node' } as const;

export default defineConfig([
	{
		...common,
		entry: ['src/main.ts', 'src/memory.ts', 'src/awaits.ts', 'src/peers/worker/*.ts'],
		format: 'esm',
		clean: ['!cjs/**'],
	},
	{
		...common,
		// as an ES module it misses the first message to a process, and everybody waits
		entry: ['src/peers/commonjs/*.ts'],
		format: 'cjs',
		outDir: 'dist/cjs',
		clean: true,
	},
]);
