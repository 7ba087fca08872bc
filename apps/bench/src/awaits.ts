// `awaits.js HOW` awaits many times in a program that has done what HOW says, and prints how many and how long it took.
import { AsyncLocalStorage } from 'node:async_hooks';

const TIMES = 2_000_000;

const [, , how] = process.argv;

if (how === 'storage') new AsyncLocalStorage<number>().run(1, () => {});
if (how === 'imported' || how === 'used' || how === 'run') {
	const { Local } = await import('@conc/local');
	const local = new Local<{ id: number }>();
	if (how !== 'imported') local.id = 1;
	if (how === 'run') local.run({ id: 2 }, () => {});
}

async function times(count: number): Promise<void> {
	for (let i = 0; i < count; i++) await null;
}

await times(TIMES / 10); // warms up
const start = performance.now();
await times(TIMES);
console.log(JSON.stringify({ count: TIMES, ms: performance.now() - start }));
