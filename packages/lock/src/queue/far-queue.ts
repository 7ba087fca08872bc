import {
	type Remote,
	readSignal,
	readTimeout,
	rejecting,
	remote,
	type SyncWaitOptions,
	type WaitOptions,
} from '@conc/core';
import { QueueEmptyError, QueueFullError } from '../errors.js';
import { checkData, fromWire, type Item, toWire, type WireItem } from './item.js';
import { checkReady, notPut, openItem, openItemNow, packItem } from './packing.js';

interface FarQueue {
	readonly [remote]: Remote;
	readonly maxsize: number;
	readonly size: number;
}

/** The members of a queue in another process. Items are packed and opened here, and lie there as bytes. */
export const farQueueMembers = {
	put(this: FarQueue, value: unknown, options?: WaitOptions): Promise<unknown> {
		return rejecting(() => {
			readTimeout(options);
			readSignal(options);
			const item = pack(this, value);
			const put = this[remote].wait('putItem', [toWire(item)], options, (wasPut) => {
				if (wasPut !== true) throw full(this);
			});
			if (item.takeBack === undefined) return put;
			return put.catch((error: unknown) => {
				throw notPut(item, error);
			});
		});
	},

	putSync(this: FarQueue, value: unknown, options?: SyncWaitOptions): void {
		readTimeout(options);
		const item = pack(this, value);
		try {
			if (this[remote].waitSync('putItem', [toWire(item)], options) !== true) throw full(this);
		} catch (error) {
			throw notPut(item, error);
		}
	},

	putNowait(this: FarQueue, value: unknown): void {
		const item = pack(this, value);
		try {
			if (this[remote].call('putItemNow', toWire(item)) !== true) throw full(this);
		} catch (error) {
			throw notPut(item, error);
		}
	},

	get(this: FarQueue, options?: WaitOptions): Promise<unknown> {
		return rejecting(() =>
			this[remote].wait('getItem', [], options, (wire) => {
				if (wire === null) throw empty(this);
				return openItem(this, item(this, wire as WireItem));
			}),
		);
	},

	getSync(this: FarQueue, options?: SyncWaitOptions): unknown {
		return open(this, this[remote].waitSync('getItem', [], options, ready(this)));
	},

	getNowait(this: FarQueue): unknown {
		return open(this, this[remote].accept(ready(this), 'getItemNow'));
	},

	get empty(): boolean {
		return (this as unknown as FarQueue).size === 0;
	},

	get full(): boolean {
		const { maxsize, size } = this as unknown as FarQueue;
		return maxsize !== 0 && size >= maxsize;
	},

	get maxsize(): unknown {
		return (this as unknown as FarQueue)[remote].handle.detail;
	},
};

function pack(queue: FarQueue, value: unknown): Item {
	const { handle, isTrusted } = queue[remote];
	return packItem(queue, handle.label, value, isTrusted ? 'process' : 'anybody');
}

function open(queue: FarQueue, wire: unknown): unknown {
	if (wire === null) throw empty(queue);
	return openItemNow(queue, item(queue, wire as WireItem));
}

/** The item that came. */
function item(queue: FarQueue, wire: WireItem): Item {
	if (!queue[remote].isTrusted) checkData(wire);
	return fromWire(wire);
}

/** What refuses an item that cannot be had without waiting: it goes back to where it was. */
function ready(queue: FarQueue): (wire: unknown) => void {
	return (wire) => void checkReady(queue[remote].handle.label, item(queue, wire as WireItem));
}

function full({ [remote]: at }: FarQueue): QueueFullError {
	return new QueueFullError(`${at.handle.label} is full`);
}

function empty({ [remote]: at }: FarQueue): QueueEmptyError {
	return new QueueEmptyError(`${at.handle.label} is empty`);
}
