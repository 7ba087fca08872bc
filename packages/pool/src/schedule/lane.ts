/** What can be in one lane at a time, which keeps these: where it is, and who comes before and after it. */
export interface Linked<T extends Linked<T>> {
	lane: Lane<T> | null;
	before: T | null;
	after: T | null;
}

/** First in, first out; anything can be taken out of it at any time. */
export class Lane<T extends Linked<T>> {
	#first: T | null = null;
	#last: T | null = null;
	#length = 0;

	get first(): T | null {
		return this.#first;
	}

	get last(): T | null {
		return this.#last;
	}

	get length(): number {
		return this.#length;
	}

	push(item: T): void {
		this.#length++;
		item.lane = this;
		item.before = this.#last;
		if (this.#last === null) this.#first = item;
		else this.#last.after = item;
		this.#last = item;
	}

	/** Puts an item back where it was taken. */
	unshift(item: T): void {
		this.#length++;
		item.lane = this;
		item.after = this.#first;
		if (this.#first === null) this.#last = item;
		else this.#first.before = item;
		this.#first = item;
	}

	/** Takes an item out, which must be in it. */
	remove(item: T): void {
		this.#length--;
		const { before, after } = item;
		if (before === null) this.#first = after;
		else before.after = after;
		if (after === null) this.#last = before;
		else after.before = before;
		item.lane = null;
		item.before = null;
		item.after = null;
	}
}
