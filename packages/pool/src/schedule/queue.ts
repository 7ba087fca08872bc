/** First in, first out, in constant time; what is removed before its turn leaves a hole that is skipped. */
export class Fifo<T> {
	#items: (T | undefined)[] = [];
	#head = 0;
	#count = 0;

	get length(): number {
		return this.#count;
	}

	push(item: T): void {
		this.#items.push(item);
		this.#count++;
	}

	/** Puts an item back where it was taken. */
	unshift(item: T): void {
		if (this.#head === 0) this.#items.unshift(item);
		else this.#items[--this.#head] = item;
		this.#count++;
	}

	shift(): T | undefined {
		while (this.#head < this.#items.length) {
			const item = this.#items[this.#head];
			this.#items[this.#head++] = undefined;
			if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
				this.#items = this.#items.slice(this.#head);
				this.#head = 0;
			}
			if (item === undefined) continue;
			this.#count--;
			return item;
		}
		return undefined;
	}

	remove(item: T): boolean {
		const at = this.#items.indexOf(item, this.#head);
		if (at === -1) return false;
		this.#items[at] = undefined;
		this.#count--;
		// What is removed in the order it came is found at once.
		while (this.#head < this.#items.length && this.#items[this.#head] === undefined) this.#head++;
		return true;
	}
}
