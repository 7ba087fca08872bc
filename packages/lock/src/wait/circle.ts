import { brand, type ThreadId, threadName, userFrames } from '@conc/core';
import { DeadlockError } from '../errors.js';
import type { Holder } from './awaitable.js';

/** After so long a wait without end looks whether it is one of a circle. */
export const LONG_MS = 1_000;

const ofLocks = { never: 'be free', wayOut: 'take locks in the same order everywhere, or with a timeout' };

/** How many frames of a stack tell where a thread waits. */
const FRAMES = 3;

/** A thread on the way round, in the wait in which it was met. */
interface Link {
	readonly thread: ThreadId;
	readonly wait: number;
	readonly looks: number;
}

/**
 * @internal A blocking wait that takes long: finds out whether the thread that has what it waits for waits itself, and so on back
 * to this one.
 *
 * Each thread notes again and again that it still waits, and for whom. Those who have all done so since they were met
 * the last time, each in the very wait it was in then, have not moved in between: none of them will.
 */
export class Circle {
	readonly #holder: Holder;
	#before: Link[] = [];

	constructor(holder: Holder) {
		this.#holder = holder;
		const site: { stack?: string } = {};
		Error.captureStackTrace(site);
		const where = userFrames(site.stack ?? '').slice(0, FRAMES);
		holder.registry.beginWait([`${threadName()} waits for ${holder.label}`, ...where].join('\n'));
	}

	/** To be called about every 50 ms. Throws in one of the threads when there is a circle. */
	look(): void {
		const { registry } = this.#holder;
		registry.stillWaits(this.#holder.owner());
		const links = this.#goRound();
		if (links === null) {
			this.#before = [];
		} else if (!isSame(links, this.#before)) {
			this.#before = links;
		} else if (links.every(({ looks }, at) => looks !== this.#before[at]?.looks)) {
			// The others go on once this one has given back what it has.
			if (links.every(({ thread }) => thread <= registry.self())) throw this.#error(links);
		}
	}

	end(): void {
		this.#holder.registry.endWait();
	}

	/** The threads from this one on, each waiting for the next and the last for this one; null when that is not so. */
	#goRound(): Link[] | null {
		const { registry } = this.#holder;
		const self = registry.self();
		const links: Link[] = [];
		for (let thread = self; links.length === 0 || thread !== self; ) {
			const wait = registry.waitOf(thread);
			if (wait === null || links.some((link) => link.thread === thread)) return null;
			links.push({ thread, wait: wait.number, looks: wait.looks });
			thread = wait.holder;
		}
		return links;
	}

	#error(links: Link[]): DeadlockError {
		const texts = links.map(
			({ thread }) => `  ${this.#holder.registry.waitText(thread).replaceAll('\n', '\n  ')}`,
		);
		const { label, wording = ofLocks } = this.#holder;
		return new DeadlockError(
			`${label} would never ${wording.never}: ${links.length} threads wait for each other\n${texts.join('\n')}\n` +
				`  → ${wording.wayOut}`,
		);
	}
}
brand(Circle, '@conc/lock:Circle');

function isSame(links: Link[], before: Link[]): boolean {
	return (
		links.length === before.length &&
		links.every(({ thread, wait }, at) => thread === before[at]?.thread && wait === before[at]?.wait)
	);
}
