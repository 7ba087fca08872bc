/** What others know of a thread. */
export interface Label {
	/** Cut where it is very long. */
	readonly name: string;
	readonly daemon: boolean;
}

const FLAGS = 0;
const TEXT_LENGTH = 1;
const WORDS = 2;

const LISTED = 1; // others may know of it
const DAEMON = 2;
const TAKES_REPORTS = 4; // it is told of errors that end it, and those it starts

/** Bytes of a record; most of them are for the name. */
const RECORD_BYTES = 256;
const NAME_BYTES = RECORD_BYTES - 4 * WORDS;

/** The names of threads: a record for each record of the registry, written by whoever makes the thread. */
export class Labels {
	static readonly bytes = (records: number): number => records * RECORD_BYTES;
	readonly #memory: SharedArrayBuffer;
	readonly #offset: number;

	constructor(memory: SharedArrayBuffer, offset: number) {
		this.#memory = memory;
		this.#offset = offset;
	}

	/** Without a label, others know nothing of the thread. One that is not listed has its name in messages only. */
	write(record: number, label: Label | null, isListed = true): void {
		const words = this.#words(record);
		Atomics.store(words, FLAGS, label === null || !isListed ? 0 : flagsOf(label));
		const room = Buffer.from(this.#memory, this.#at(record) + 4 * WORDS, NAME_BYTES);
		Atomics.store(words, TEXT_LENGTH, label === null ? 0 : room.write(label.name)); // no part of a character
	}

	/** Empty where there is none. */
	nameOf(record: number): string {
		const at = this.#at(record) + 4 * WORDS;
		return Buffer.from(this.#memory, at, Atomics.load(this.#words(record), TEXT_LENGTH)).toString();
	}

	read(record: number): Label | null {
		const flags = Atomics.load(this.#words(record), FLAGS);
		if ((flags & LISTED) === 0) return null;
		return { name: this.nameOf(record), daemon: (flags & DAEMON) !== 0 };
	}

	isListed(record: number): boolean {
		return (Atomics.load(this.#words(record), FLAGS) & LISTED) !== 0;
	}

	takesReports(record: number, does: boolean): void {
		const words = this.#words(record);
		if (does) Atomics.or(words, FLAGS, TAKES_REPORTS);
		else Atomics.and(words, FLAGS, ~TAKES_REPORTS);
	}

	takes(record: number): boolean {
		return (Atomics.load(this.#words(record), FLAGS) & TAKES_REPORTS) !== 0;
	}

	#words(record: number): Int32Array {
		return new Int32Array(this.#memory, this.#at(record), WORDS);
	}

	#at(record: number): number {
		return this.#offset + record * RECORD_BYTES;
	}
}

function flagsOf({ daemon }: Label): number {
	return LISTED | (daemon ? DAEMON : 0);
}
