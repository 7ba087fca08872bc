import {
	type FarHandle,
	type Remote,
	readTimeout,
	realm,
	remote,
	revive,
	type SyncWaitOptions,
	type WaitOptions,
} from '@conc/core';
import { refusePromise, type Synchronous } from '../acquirable.js';
import { LockError } from '../errors.js';
import { isFarHeld, suspendFar } from '../lock/far-rlock.js';
import { Lock } from '../lock/lock.js';
import { RLock } from '../lock/rlock.js';

/** What is known of a condition in another process without asking: its lock. */
export interface Detail {
	readonly kind: 'Lock' | 'RLock';
	readonly lock: FarHandle;
}

interface FarCondition {
	readonly [remote]: Remote;
	readonly lock: Lock | RLock;
	wait(options?: WaitOptions): Promise<boolean>;
	waitSync(options?: SyncWaitOptions): boolean;
}

const locks = () => realm('locks of far conditions', () => new WeakMap<object, Lock | RLock>());

/** What stands for its lock here. */
export function holdLock(condition: object): void {
	const { kind, lock } = (condition as FarCondition)[remote].handle.detail as Detail;
	locks().set(condition, kind === 'RLock' ? RLock[revive](lock) : Lock[revive](lock));
}

/** The members of a condition in another process. Its lock methods are those of its lock, as everywhere. */
export const farConditionMembers = {
	get lock(): Lock | RLock {
		return locks().get(this) as Lock | RLock;
	},

	async wait(this: FarCondition, options?: WaitOptions): Promise<boolean> {
		readTimeout(options);
		options?.signal?.throwIfAborted();
		const resume = suspend(this, 'wait');
		try {
			const wasNotified = await this[remote].wait('wait', [], options);
			resume();
			return wasNotified === true;
		} catch (error) {
			if (error === options?.signal?.reason) resume(); // it has taken the lock again before
			throw error;
		}
	},

	waitSync(this: FarCondition, options?: SyncWaitOptions): boolean {
		readTimeout(options);
		const resume = suspend(this, 'waitSync');
		const wasNotified = this[remote].waitSync('wait', [], options);
		resume();
		return wasNotified === true;
	},

	async waitFor<T>(this: FarCondition, predicate: () => T, options?: WaitOptions): Promise<Awaited<T>> {
		const until = performance.now() + readTimeout(options);
		options?.signal?.throwIfAborted();
		for (;;) {
			const answer = await predicate();
			const left = until - performance.now();
			if (answer || left <= 0) return answer;
			await this.wait({ timeout: left, signal: options?.signal });
		}
	},

	waitForSync<T>(this: FarCondition, predicate: Synchronous<T>, options?: SyncWaitOptions): T {
		const until = performance.now() + readTimeout(options);
		for (;;) {
			const answer = (predicate as () => T)();
			refusePromise(`waitForSync of ${this[remote].handle.label}`, 'waitFor(predicate)', answer);
			const left = until - performance.now();
			if (answer || left <= 0) return answer;
			this.waitSync({ timeout: left });
		}
	},
};

/** Of an RLock this thread knows how often it has it; that is put right after the wait. */
function suspend({ lock, [remote]: at }: FarCondition, verb: string): () => void {
	if (!(lock instanceof RLock)) return () => {};
	const ofLock = (lock as unknown as { readonly [remote]: Remote })[remote];
	if (!isFarHeld(ofLock)) {
		throw new LockError(
			`${verb} of ${at.handle.label} was called without its lock\n  → call it in condition.with(...), or between acquire and release`,
		);
	}
	return suspendFar(ofLock);
}
