import { inspect } from 'node:util';
import type { Endpoint } from '../channel/endpoint.js';
import type { Message, WirePayload } from '../channel/protocol.js';
import type { ModuleRequest } from '../codec/payload.js';
import { realm } from '../realm.js';
import { isLoaded, loadModules } from '../revive/modules.js';
import { isPresent } from '../revive/present.js';
import type { Host } from './host.js';

type WillMessage = Message & { type: 'will' };

/** Who leaves wills. */
type Testator = Pick<Host, 'name' | 'ending' | 'terminate' | 'pump'>;

interface Left {
	readonly label: string;
	readonly duty: WirePayload;
	readonly value: WirePayload;
}

/** For so long at most the end of a host is held up by modules that a will needs. */
const PATIENCE_MS = 1_000;
/** How often it is looked whether a host has ended, for one that is about to end itself. */
const LOOK_MS = 1;

/** Those who have something to carry out. */
const busy = () =>
	realm('executors', () => {
		const executors = new Set<Executor>();
		process.on('exit', () => carryOutAll(executors));
		return executors;
	});

/** Keeps the wills of a host, and carries out what stands when that has ended. */
export class Executor {
	readonly #testator: Testator;
	readonly #endpoint: Endpoint;
	readonly #left = new Map<number, Left>();

	constructor(testator: Testator, endpoint: Endpoint) {
		this.#testator = testator;
		this.#endpoint = endpoint;
	}

	take({ id, label, duty, value }: WillMessage): void {
		const left = duty === null ? this.#left.get(id)?.duty : duty;
		if (left === undefined) return; // it was revoked
		this.#left.set(id, { label, duty: left, value });
		busy().add(this);
		if (duty === null) return;
		// It may have to be carried out where nothing can be waited for. What is not here yet is loaded only when it is needed.
		loadModules([...duty.modules, ...value.modules].filter(isPresent), 'result')?.catch(() => {});
	}

	revoke(id: number): void {
		this.#left.delete(id);
		if (this.#left.size === 0) busy().delete(this);
	}

	/** Calls what was left to be done. Nothing of it keeps another from being called; what fails is told in a warning. */
	carryOut(tell = warn, canWait = true): Promise<unknown> | undefined {
		busy().delete(this);
		const waiting: Promise<void>[] = [];
		for (const will of this.#left.values()) {
			const failed = (error: unknown) =>
				tell(`${will.label}, in place of ${this.#testator.name} which has ended, failed`, error);
			try {
				if (!canWait) checkLoaded([...will.duty.modules, ...will.value.modules]);
				const opened = [this.#endpoint.open(will.duty), this.#endpoint.open(will.value)];
				if (!opened.some((part) => part instanceof Promise)) call(opened[0], opened[1], failed);
				else if (canWait)
					waiting.push(Promise.all(opened).then(([duty, value]) => call(duty, value, failed), failed));
				else
					throw new Error('it needs another process, and a thread that is about to end cannot wait for it');
			} catch (error) {
				failed(error);
			}
		}
		this.#left.clear();
		return waiting.length === 0 ? undefined : atMost(PATIENCE_MS, Promise.all(waiting));
	}

	/** The same for one that is about to end itself, and ends what it has started with it; false while that goes on. */
	carryOutLast(): boolean {
		if (this.#testator.ending === null) return false;
		this.#testator.pump(); // what it did itself after all
		void this.carryOut(write, false);
		return true;
	}

	terminate(): void {
		void this.#testator.terminate();
	}
}

/** What has not ended soon after looks after itself. */
function carryOutAll(executors: ReadonlySet<Executor>): void {
	for (const executor of executors) executor.terminate();
	const until = performance.now() + PATIENCE_MS;
	const sleeper = new Int32Array(new SharedArrayBuffer(4));
	for (const executor of [...executors])
		while (!executor.carryOutLast() && performance.now() < until) Atomics.wait(sleeper, 0, 0, LOOK_MS);
}

/** A promise cannot be waited for, as it cannot where the duty was left. */
function call(duty: unknown, value: unknown, failed: (error: unknown) => void): void {
	const result = (duty as (value: unknown) => unknown)(value);
	if (result instanceof Promise) result.catch(failed);
}

/** To import a module at the end would run its code, and give nothing. */
function checkLoaded(modules: readonly ModuleRequest[]): void {
	const missing = modules.filter((module) => !isLoaded(module)).map(({ specifier }) => specifier);
	if (missing.length === 0) return;
	throw new Error(
		`it needs ${[...new Set(missing)].join(' and ')}, and a thread that is about to end can load nothing\n` +
			'  → import it in that thread as well',
	);
}

function warn(what: string, error: unknown): void {
	process.emitWarning(`${what}: ${inspect(error)}`, { code: 'CONC_WILL_FAILED' });
}

/** Where no warning is shown any more. */
function write(what: string, error: unknown): void {
	process.stderr.write(`${what}: ${inspect(error)}\n`);
}

function atMost(ms: number, promise: Promise<unknown>): Promise<unknown> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise((resolve) => {
		timer = setTimeout(resolve, ms);
	});
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
