import { AsyncLocalStorage } from 'node:async_hooks';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Local } from '@conc/local';
import type { Case, Contender } from '../measure.js';
import { nameOf, ours } from '../peers/field.js';
import { type Kind, plural } from '../peers/peer.js';
import { inPython } from './cpython.js';
import { flowing } from './flow.js';

const TIMES = 3_000_000;
const IN_FLIGHT = 128;
const AWAITS = fileURLToPath(new URL('awaits.js', import.meta.url)); // as seen from dist

const exec = promisify(execFile);

interface Request {
	id: number;
	user: string;
}

const request = (): Request => ({ id: 1, user: 'Alice' });

/** As Python's is used: no scope was ever entered for this Local. */
export const localRead: Case = {
	name: 'read of an attribute of a Local, outside a scope',
	unit: 'rate',
	contenders: () => {
		const values = request();
		return [
			reading('Local', 'ours', Object.assign(new Local<Request>(), values)),
			reading('bare Proxy', 'limit', new Proxy(values, { get: (_, key: keyof Request) => values[key] })),
			...inPython('threading.local', [TIMES], TIMES),
		];
	},
};

export const localReadInScope: Case = {
	name: 'read of an attribute of a Local, in a scope',
	unit: 'rate',
	contenders: () => {
		const local = new Local<Request>();
		const storage = new AsyncLocalStorage<Request>();
		const proxy = new Proxy(request(), {
			get: (_, key: keyof Request) => storage.getStore()?.[key],
		});
		return [
			within((run) => local.run(request(), run), reading('Local', 'ours', local)),
			within((run) => storage.run(request(), run), reading('Proxy and getStore()', 'limit', proxy)),
			within((run) => storage.run(request(), run), {
				name: 'AsyncLocalStorage.getStore()',
				is: 'peer',
				run() {
					let sum = 0;
					for (let i = 0; i < TIMES; i++) sum += storage.getStore()?.id ?? 0;
					return counted(sum);
				},
			}),
		];
	},
};

function within(enter: (run: () => number) => number, { run, ...contender }: Contender): Contender {
	return { ...contender, run: () => enter(run as () => number) };
}

function reading(name: string, is: Contender['is'], from: Partial<Request>): Contender {
	// Each its own copy, as the engine learns from all that one is used for.
	const read = new Function(
		'from',
		'times',
		'let sum = 0; for (let i = 0; i < times; i++) sum += from.id; return sum;',
	) as (from: Partial<Request>, times: number) => number;
	return { name, is, run: () => counted(read(from, TIMES)) };
}

function counted(sum: number): number {
	if (sum !== TIMES) throw new Error(`read ${sum} in place of ${TIMES}`);
	return TIMES;
}

/** In a program of its own each: that has imported @conc/local, has used it, has entered a scope. */
export const awaiting: Case = {
	name: 'an await in a program that uses a Local',
	unit: 'rate',
	contenders: () => [
		awaitingIn('Local imported', 'ours', 'imported'),
		awaitingIn('Local set and read', 'ours', 'used'),
		awaitingIn('Local after its first run()', 'ours', 'run'),
		awaitingIn('no Local', 'limit', 'without'),
		awaitingIn('AsyncLocalStorage after its first run()', 'peer', 'storage'),
	],
};

function awaitingIn(name: string, is: Contender['is'], how: string): Contender {
	const run = async () => {
		const { stdout } = await exec(process.execPath, [AWAITS, how]);
		return JSON.parse(stdout) as { count: number; ms: number };
	};
	return { name, is, run };
}

/** What it costs that a Local goes along; not counting that scopes slow every await, which is the same for both. */
export function taskWithLocal(kind: Kind): Case {
	return {
		name: `tasks with an inheriting Local, ${plural(kind)}`,
		unit: 'rate',
		contenders: () => {
			const local = new Local<Request>({ name: `bench ${kind}`, inherit: true });
			const following = (n: number) => n + 1;
			const [laden, bare] = [ours(kind, following), ours(kind, following)];
			const [runLaden, runBare] = [laden, bare].map((pool) => flowing(pool, IN_FLIGHT, (n) => n));
			return [
				{
					name: `${nameOf(kind)}, a Local goes along`,
					is: 'ours',
					run: () => local.run(request(), runLaden as Contender['run']),
					close: () => laden.close(),
				},
				{
					name: `${nameOf(kind)}, nothing does`,
					is: 'limit',
					run: () => local.run({}, runBare as Contender['run']),
					close: () => bare.close(),
				},
			];
		},
	};
}
