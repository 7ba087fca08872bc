import { brand, type ThreadId } from '@conc/core';

/** A lock was used against its rules: a free one released, or one that is another's. (`RuntimeError`, `ValueError`) */
export class LockError extends Error {
	override readonly name: string = 'LockError';
	readonly code: string = 'CONC_LOCK';
}
brand(LockError, '@conc/lock:LockError');

/**
 * The owner of a lock ended without releasing it. Who gets this error does **not** hold the lock, and everybody who
 * tries gets it until `lock.recover()`. Python has no counterpart: there, such a lock stays locked for ever.
 */
export class AbandonedLockError extends LockError {
	override readonly name = 'AbandonedLockError';
	override readonly code = 'CONC_LOCK_ABANDONED';
	/**
	 * @param lock how the lock is called in the message
	 * @param owner the thread that ended
	 * @param noticedAt when its end was first noticed by somebody who wanted the lock
	 * @param ownerName how messages call it: `Thread-1`, or `Process-1 (pid 17)` in another process
	 */
	constructor(
		lock: string,
		readonly owner: ThreadId,
		readonly noticedAt: Date,
		readonly ownerName = `thread ${owner}`,
	) {
		super(
			`${lock} was abandoned: ${ownerName} ended while it held it (noticed ${noticedAt.toISOString()})\n` +
				'  → put right what the lock protects, then call recover(); ' +
				"or make the lock with onAbandoned: 'release'",
		);
	}
}
brand(AbandonedLockError, '@conc/lock:AbandonedLockError');

/**
 * A blocking wait that could never end: this thread itself holds what it would block for, or threads block for one
 * another in a circle, which is found after a second; then one of them gets this error.
 */
export class DeadlockError extends LockError {
	override readonly name = 'DeadlockError';
	override readonly code = 'CONC_DEADLOCK';
}
brand(DeadlockError, '@conc/lock:DeadlockError');

/** An item could not be put in time: there was no room. (`queue.Full`) */
export class QueueFullError extends Error {
	override readonly name = 'QueueFullError';
	readonly code = 'CONC_QUEUE_FULL';
}
brand(QueueFullError, '@conc/lock:QueueFullError');

/** No item could be got in time. (`queue.Empty`) */
export class QueueEmptyError extends Error {
	override readonly name = 'QueueEmptyError';
	readonly code = 'CONC_QUEUE_EMPTY';
}
brand(QueueEmptyError, '@conc/lock:QueueEmptyError');

/** The queue was shut down. (`queue.ShutDown`) */
export class QueueShutDownError extends Error {
	override readonly name = 'QueueShutDownError';
	readonly code = 'CONC_QUEUE_SHUT_DOWN';
}
brand(QueueShutDownError, '@conc/lock:QueueShutDownError');

/**
 * A barrier is broken: a party gave up, came too late or ended, the action threw, or somebody called `abort()`; or it
 * was reset during the wait. (`threading.BrokenBarrierError`)
 */
export class BrokenBarrierError extends LockError {
	override readonly name = 'BrokenBarrierError';
	override readonly code = 'CONC_BROKEN_BARRIER';
}
brand(BrokenBarrierError, '@conc/lock:BrokenBarrierError');
