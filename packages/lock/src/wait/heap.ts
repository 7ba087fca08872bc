/** Something that is due at a time; the heap keeps its own place in it. */
export interface Due {
	due: number;
	place: number;
}

/** The place of what is in no heap. */
export const NOWHERE = -1;

/** A binary heap that yields what is due first and lets anything be taken out early. */
export class Heap<T extends Due> {
	readonly #items: T[] = [];

	get first(): T | undefined {
		return this.#items[0];
	}

	add(item: T): void {
		this.#items.push(item);
		this.#rise(item, this.#items.length - 1);
	}

	remove(item: T): void {
		const place = item.place;
		if (place === NOWHERE) return;
		item.place = NOWHERE;
		const last = this.#items.pop() as T;
		if (last === item) return;
		this.#rise(last, place);
		this.#sink(last, last.place);
	}

	#rise(item: T, from: number): void {
		let place = from;
		while (place > 0) {
			const above = (place - 1) >> 1;
			const parent = this.#items[above] as T;
			if (parent.due <= item.due) break;
			this.#put(parent, place);
			place = above;
		}
		this.#put(item, place);
	}

	#sink(item: T, from: number): void {
		let place = from;
		for (;;) {
			const child = this.#smallerChild(place);
			if (child === undefined || child.due >= item.due) break;
			const below = child.place;
			this.#put(child, place);
			place = below;
		}
		this.#put(item, place);
	}

	#smallerChild(place: number): T | undefined {
		const left = this.#items[2 * place + 1];
		const right = this.#items[2 * place + 2];
		return right !== undefined && left !== undefined && right.due < left.due ? right : left;
	}

	#put(item: T, place: number): void {
		this.#items[place] = item;
		item.place = place;
	}
}
