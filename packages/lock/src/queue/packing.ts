import { allArrived, type Packed, Parcel } from '@conc/core';
import { type Audience, contentOf, type Item } from './item.js';
import { MOST_BYTES } from './records.js';

/** What makes an item of a value, and a value of an item: a queue. */
interface Packer<T> {
	toItem(value: T, subject: string, to?: Audience): Item;
	fromItem(value: unknown, item: Item): T;
}

/** An item of a queue, of which those methods are protected. */
export function packItem<T>(queue: object, label: string, value: T, to?: Audience): Item {
	const item = (queue as Packer<T>).toItem(value, `an item of ${label}`, to);
	if (item.bytes.length <= MOST_BYTES) return item;
	throw new RangeError(`an item of ${label} has ${item.bytes.length} bytes, and may have ${MOST_BYTES}`);
}

/** An item is in no queue after all, for this reason. */
export function notPut(item: Item, reason: unknown): unknown {
	item.takeBack?.();
	return reason;
}

/** Its value; a promise of it where something is to be imported, or reached, before. */
export function openItem<T>(queue: object, item: Item): T | Promise<T> {
	const content = contentOf(item);
	if ('value' in content) return (queue as Packer<T>).fromItem(content.value, item);
	return openPacked(queue as Packer<T>, item, content.packed);
}

async function openPacked<T>(queue: Packer<T>, item: Item, packed: Packed): Promise<T> {
	const parcel = new Parcel(packed);
	if (!parcel.isReady) await parcel.prepare();
	const value = queue.fromItem(parcel.open(), item);
	const arriving = allArrived();
	if (arriving !== undefined) await arriving;
	return value;
}

/** The same at once, of an item that is ready. */
export function openItemNow<T>(queue: object, item: Item): T {
	const content = contentOf(item);
	return (queue as Packer<T>).fromItem(
		'value' in content ? content.value : new Parcel(content.packed).open(),
		item,
	);
}

/** Throws for an item that cannot be had without waiting. */
export function checkReady(label: string, item: Item): true {
	const content = contentOf(item);
	if ('value' in content || new Parcel(content.packed).isReady) return true;
	throw new TypeError(
		`the next item of ${label} needs a module that was not imported in this thread\n  → use get(), which imports it`,
	);
}
