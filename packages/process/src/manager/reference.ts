import {
	CannotCross,
	decodeData,
	encodeData,
	type FarHandle,
	type Home,
	isFar,
	isShareable,
	jsonOf,
	keyOf,
	Look,
	loadPackage,
	packageExport,
	parseJson,
	revive,
	type ShareableClass,
	share,
} from '@conc/core';
import { kept } from './kept.js';

/** What stands for an object of a manager in what its server and its clients say to each other: data, and no address. */
export interface Reference {
	readonly package: string;
	readonly name: string;
	readonly id: number;
	readonly label: string;
	readonly detail: unknown;
}

/** A value: as text where JSON gives it back as it was, which is quicker for what is short. */
export type Words = string | Uint8Array | null;

/** Values between the server of a manager and its clients: data, and objects that live in that manager. */
export class Wording {
	readonly #home: Home;

	constructor(home: Home) {
		this.#home = home;
	}

	write(value: unknown, subject: string, root: string): Words {
		if (value === undefined) return null;
		const text = jsonOf([value], new Look());
		return text ?? encodeData(value, subject, root, (found) => this.#refer(found));
	}

	read(words: Words): unknown {
		if (words === null) return undefined;
		if (typeof words === 'string') return (parseJson(words) as unknown[])[0];
		return decodeData(words, (reference) => this.resolve(reference as Reference));
	}

	/** The object of a reference: itself in the server, its proxy elsewhere. */
	resolve({ package: owner, name, id, label, detail }: Reference): unknown {
		const Class = shareables().has(`${owner}:${name}`) ? loadPackage(owner)[name] : undefined;
		if (Class === undefined)
			throw new TypeError(`an object of an unknown kind: ${String(name).slice(0, 40)}`);
		if (kept().own?.has(Number(id), Class) === false)
			throw new ReferenceError(`there is no ${name} with this number in this manager`);
		const handle: FarHandle = {
			home: this.#home,
			id: Number(id),
			label: String(label),
			detail: this.#withHome(detail),
		};
		return (Class as ShareableClass<FarHandle>)[revive](handle);
	}

	#refer(value: object): Reference | undefined {
		if (!isShareable(value)) return undefined;
		const found = packageExport(value.constructor);
		const handle = value[share]('process');
		if (found === undefined || !isHandle(handle)) return undefined;
		if (keyOf(handle.home) !== keyOf(this.#home)) {
			throw new CannotCross(
				`lives in ${handle.home.name}, and not in this manager`,
				'make it with the manager: its queue(), lock(), dict() and so on',
			);
		}
		const { id, label, detail } = handle;
		return { ...found, id, label, detail: withoutHome(detail) };
	}

	#withHome(detail: unknown): unknown {
		return mapHandles(detail, (handle) => ({ ...handle, home: this.#home }));
	}
}

/** Where a detail has handles of its own, they have the same home; an address that comes from elsewhere is none. */
function withoutHome(detail: unknown): unknown {
	return mapHandles(detail, (handle) => ({ ...handle, home: null }));
}

function mapHandles(detail: unknown, change: (handle: object) => object): unknown {
	if (typeof detail !== 'object' || detail === null || Array.isArray(detail)) return detail;
	const entries = Object.entries(detail).map(([key, value]) => [
		key,
		isHandle(value) ? change(value) : value,
	]);
	return Object.fromEntries(entries);
}

function isHandle(value: unknown): value is FarHandle {
	return typeof value === 'object' && value !== null && isFar(value);
}

/** The kinds of objects a manager has. */
const shareables = () =>
	new Set(
		[
			...['Lock', 'RLock', 'RWLock', 'Semaphore', 'BoundedSemaphore', 'Event', 'Condition', 'Barrier'],
			...['SharedValue', 'SharedArray', 'Queue', 'LifoQueue', 'PriorityQueue'],
		].map((name) => `@conc/lock:${name}`),
	).add('@conc/process:ManagerProxy');
