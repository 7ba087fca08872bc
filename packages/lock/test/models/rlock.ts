import { AsyncLocalStorage } from 'node:async_hooks';
import type { WaitOptions } from '@conc/core';
import { LockError, type RLock } from '@conc/lock';
import { expect } from 'vitest';
import { nothing, step } from '../support/world.js';
import { abort, acquire, LockWorld } from './lock.js';

interface Chain {
	run<T>(fn: () => T): T;
	end(): void;
}

/** Call chains that each run in a `with`, one at a time. */
export class RLockWorld extends LockWorld<RLock> {
	depth = 0;
	/** The call chain that is in. */
	#chain: Chain | undefined;

	again(): void {
		expect(
			this.#inside(() => (this.depth % 2 === 0 ? this.lock.acquireSync() : this.lock.tryAcquire())),
		).toBe(true);
		this.depth++;
	}

	undo(): void {
		this.#inside(() => this.lock.release());
		this.depth--;
	}

	/** Ends the chain that is in. */
	override release(): void {
		while (this.depth > 1) this.undo();
		this.#chain?.end();
		this.#chain = undefined;
		this.holder = undefined;
	}

	/** What a chain does that is not the owner's. */
	intrude(): void {
		expect(this.lock.tryAcquire()).toBe(false);
		expect(() => this.lock.release()).toThrow(LockError);
		expect(() => this.lock.acquireSync()).toThrow('another task of this thread has it');
	}

	override look(): void {
		super.look();
		expect(this.lock.isOwned).toBe(false);
		if (this.#chain === undefined) return;
		expect(this.#inside(() => this.lock.isOwned)).toBe(true);
		expect(this.lock.depth).toBe(this.depth);
	}

	protected override get tooLate(): string {
		return 'TimeoutError';
	}

	protected override ask(options: WaitOptions | undefined): Promise<unknown> {
		return new Promise((resolve, reject) => {
			const stay = () =>
				new Promise<void>((end) => {
					expect(this.#chain).toBe(undefined);
					this.#chain = { run: AsyncLocalStorage.snapshot(), end };
					this.depth = 1;
					resolve(true);
				});
			this.lock.with(stay, options).catch(reject);
		});
	}

	#inside<T>(fn: () => T): T {
		return (this.#chain as Chain).run(fn);
	}
}

const isHeld = ({ holder }: RLockWorld) => holder?.expected !== undefined;

export const rlockSteps = [
	acquire,
	abort,
	step('release', nothing, (world: RLockWorld) => world.release(), isHeld),
	step('again', nothing, (world: RLockWorld) => world.again(), isHeld),
	step(
		'undo',
		nothing,
		(world: RLockWorld) => world.undo(),
		({ depth, holder }) => holder !== undefined && depth > 1,
	),
	step('intrude', nothing, (world: RLockWorld) => world.intrude(), isHeld),
];
