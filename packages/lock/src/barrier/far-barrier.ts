import { type Remote, remote, type SyncWaitOptions, type WaitOptions } from '@conc/core';

/** What is known of a barrier in another process without asking. */
interface Detail {
	readonly parties: number;
	readonly action: (() => void) | undefined;
	/** In milliseconds. */
	readonly timeout: number | undefined;
}

interface FarBarrier {
	readonly [remote]: Remote;
}

/** The name and message of an error. */
export type Failure = readonly [name: string, message: string];

type Entered = readonly [place: number, isLast: boolean];

/** Runs the action of a barrier, which must not be async. */
export function runAction(label: string, action: (() => void) | undefined): void {
	const result: unknown = action?.();
	if (typeof (result as { then?: unknown } | null | undefined)?.then !== 'function') return;
	throw new TypeError(
		`the action of ${label} is async, and the parties would go on before it is done\n  → let each wait for it after the barrier`,
	);
}

/** The members of a barrier in another process: the last to arrive runs the action where it is itself. */
export const farBarrierMembers = {
	async wait(this: FarBarrier, options?: WaitOptions): Promise<number> {
		const at = this[remote];
		return complete(at, (await at.wait('enter', [], limited(at, options))) as Entered);
	},

	waitSync(this: FarBarrier, options?: SyncWaitOptions): number {
		const at = this[remote];
		return complete(at, at.waitSync('enter', [], limited(at, options)) as Entered);
	},

	get parties(): number {
		return detailOf((this as unknown as FarBarrier)[remote]).parties;
	},
};

function complete(at: Remote, [place, isLast]: Entered): number {
	if (!isLast) return place;
	let failure: Failure | null = null;
	try {
		runAction(at.handle.label, detailOf(at).action);
	} catch (error) {
		failure = error instanceof Error ? [error.name, error.message] : ['Error', String(error)];
		throw error;
	} finally {
		at.call('acted', failure);
	}
	return place;
}

function limited(at: Remote, options: WaitOptions | undefined): WaitOptions {
	return { ...options, timeout: options?.timeout ?? detailOf(at).timeout };
}

function detailOf({ handle }: Remote): Detail {
	return handle.detail as Detail;
}
