import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';
import { threadName } from '../here.js';
import { crypto } from '../lazy.js';
import { realm } from '../realm.js';
import { ownTid, startTime } from './kernel.js';
import { type Label, Labels } from './labels.js';
import { type LongWait, Waits } from './waits.js';

/** A thread as others name it: the index of its record and the record's generation. 0 is nobody. */
export type ThreadId = number;

const NEW = 0; // made by its parent, has not run yet
const ATTACHED = 1; // running
const DEAD = 2; // ended; the record may be used again under the next generation
const CLAIMED = 3; // being filled in, on the way to NEW

const STATE_BITS = 2;
const INDEX_BITS = 12;
const CAPACITY = 1 << INDEX_BITS;
const GENERATIONS = 1 << 18;

const HEADER_WORDS = 16;
const IDENTITY = 0; // two random words: each message gives the receiver a new wrapper around the same memory
const DEATHS = 2; // counts up at every death that is written down, and is notified
const NAMED = 3; // how many threads have been given a number for a name
const PROCESSES = 4; // how many child processes have been given a number
const TURNS = 5; // who writes to stdout, to stderr, and to other descriptors; to the end of the header
const RECORD_WORDS = 4;
const STATE = 0; // generation and state
const TID = 1; // the kernel's thread id, 0 where it is not known
const START = 2; // the kernel's start time of that thread: thread ids are used again
const MAKER = 3; // the thread that made the record, which takes those it has started along when it ends

const RECORDS_BYTES = 4 * (HEADER_WORDS + RECORD_WORDS * CAPACITY);
const LABELS_AT = RECORDS_BYTES + Waits.bytes(CAPACITY);

const environmentKey = '@conc/core:registry';

/**
 * Who is alive: one record word for each thread of this process, in memory that all of them share.
 *
 * A record goes NEW → ATTACHED → DEAD. The parent makes it, the thread itself attaches, and whoever learns of the
 * death writes it down; on Linux any thread can also ask the kernel about another.
 */
export class Registry {
	/** How many records there are. */
	static readonly capacity = CAPACITY;
	/** The main thread of the process, which has the first record. */
	static readonly main: ThreadId = (1 << INDEX_BITS) | 1;
	readonly memory: SharedArrayBuffer;
	/** A word for each stream that threads write to: the one whose turn it is, 0 when it is nobody's. */
	readonly turns: Int32Array;
	readonly #words: Int32Array;
	readonly #waits: Waits;
	readonly #labels: Labels;
	#self: ThreadId = 0;
	#acting: ThreadId = 0;

	private constructor(memory: SharedArrayBuffer) {
		this.memory = memory;
		this.#words = new Int32Array(memory, 0, RECORDS_BYTES / 4);
		this.#waits = new Waits(memory, RECORDS_BYTES);
		this.#labels = new Labels(memory, LABELS_AT);
		this.turns = new Int32Array(memory, 4 * TURNS, HEADER_WORDS - TURNS);
	}

	/** The registry this thread's own objects use: its parent's where it was handed one, else a new one. */
	static ours(): Registry {
		return realm('registry', () => {
			const inherited = getEnvironmentData(environmentKey);
			if (inherited instanceof SharedArrayBuffer) return Registry.of(inherited);
			const memory = new SharedArrayBuffer(LABELS_AT + Labels.bytes(CAPACITY));
			const words = new Int32Array(memory);
			words[IDENTITY] = crypto().randomInt(2 ** 31);
			words[IDENTITY + 1] = crypto().randomInt(2 ** 31);
			setEnvironmentData(environmentKey, memory);
			const registry = Registry.of(memory);
			registry.#addMain();
			return registry;
		});
	}

	/** What tells this registry from those of other processes, and of Workers that know nothing of it. */
	get key(): string {
		return keyOf(this.#words);
	}

	/** The registry in this memory; one object a thread, so that a thread has one identity in it. */
	static of(memory: SharedArrayBuffer): Registry {
		const known = realm('registries', () => new Map<string, Registry>());
		const words = new Int32Array(memory, 0, HEADER_WORDS);
		const key = keyOf(words);
		let registry = known.get(key);
		if (registry === undefined) {
			registry = new Registry(memory);
			known.set(key, registry);
		}
		return registry;
	}

	/** Which record is a thread's: below `capacity`, and no other's while the thread lives. */
	static indexOf(id: ThreadId): number {
		return indexOf(id);
	}

	/** This thread. */
	self(): ThreadId {
		if (this.#self === 0 && isMainThread) this.#self = Registry.main;
		if (this.#self === 0) {
			this.#self = this.add({ name: threadName(), daemon: false });
			this.#attach(this.#self, ownTid());
			// Where the kernel cannot be asked, a thread that nobody else watches tells of its end itself.
			if (this.tidOf(this.#self) === null) process.on('exit', () => this.markDead(this.#self));
		}
		return this.#self;
	}

	/** In a new registry; a Worker that knows of none makes its own. */
	#addMain(): void {
		const name = isMainThread ? threadName() : 'MainThread';
		this.#attach(this.add({ name, daemon: false }), ownTid() === 0 ? 0 : process.pid);
	}

	/** A record for a thread of another process, for which this one acts. It lives until it is marked, or this one ends. */
	enlist(name: string): ThreadId {
		const id = this.add({ name, daemon: false }, false);
		this.#attach(id, ownTid());
		return id;
	}

	/** Runs `fn` for such a thread: what it makes acts for that. */
	actAs<T>(id: ThreadId, fn: () => T): T {
		const before = this.#acting;
		this.#acting = id;
		try {
			return fn();
		} finally {
			this.#acting = before;
		}
	}

	/** Who acts: this thread, or the one it acts for just now. */
	caller(): ThreadId {
		return this.#acting || this.self();
	}

	/** A record for a thread that is about to be started; without a label it is never listed. */
	add(label: Label | null = null, isListed = true): ThreadId {
		let id = this.#claim(label, isListed);
		if (id === null) {
			this.#sweep();
			id = this.#claim(label, isListed);
		}
		if (id !== null) return id;
		throw new RangeError(`more than ${CAPACITY - 1} threads at once in one process`);
	}

	/** Takes a record that is free; null when there is none. */
	#claim(label: Label | null, isListed: boolean): ThreadId | null {
		const words = this.#words;
		for (let index = 1; index < CAPACITY; index++) {
			const at = recordAt(index) + STATE;
			const word = Atomics.load(words, at);
			const used = word !== 0;
			if (used && (word & 3) !== DEAD) continue;
			const generation = used ? ((word >>> STATE_BITS) + 1) % GENERATIONS || 1 : 1;
			const claimed = (generation << STATE_BITS) | CLAIMED;
			if (Atomics.compareExchange(words, at, word, claimed) !== word) continue;
			Atomics.store(words, recordAt(index) + TID, 0);
			Atomics.store(words, recordAt(index) + MAKER, this.#self);
			this.#labels.write(index, label, isListed);
			Atomics.store(words, at, (generation << STATE_BITS) | NEW);
			return (generation << INDEX_BITS) | index;
		}
		return null;
	}

	/** The threads that have a label and live. */
	listed(): ThreadId[] {
		const ids: ThreadId[] = [];
		for (let index = 1; index < CAPACITY; index++) {
			const word = Atomics.load(this.#words, recordAt(index) + STATE);
			if (word === 0) break; // never used, nor are those behind it
			const state = word & 3;
			if (state !== ATTACHED && state !== NEW) continue;
			const id = ((word >>> STATE_BITS) << INDEX_BITS) | index;
			if (this.#labels.isListed(index) && this.isAlive(id)) ids.push(id);
		}
		return ids;
	}

	/** What a thread is called; null when it has no label, or its record is another's by now. */
	labelOf(id: ThreadId): Label | null {
		const label = this.#labels.read(indexOf(id));
		return this.#isOf(id) ? label : null;
	}

	/** How messages call a thread, also one that has ended; by its number when its record is another's by now. */
	nameOf(id: ThreadId): string {
		const name = this.#labels.nameOf(indexOf(id));
		return name !== '' && this.#isOf(id) ? name : `thread ${id}`;
	}

	/** The thread that made a thread, and takes it along when it ends; 0 when that is not known. */
	makerOf(id: ThreadId): ThreadId {
		const maker = Atomics.load(this.#words, recordAt(indexOf(id)) + MAKER);
		return this.#isOf(id) ? maker : 0;
	}

	/** Whether this thread takes the reports of errors that end it and those it starts. */
	takesReports(does: boolean): void {
		this.#labels.takesReports(indexOf(this.self()), does);
	}

	/** The thread that takes the reports of this one: itself, or the nearest above it, up to the main thread. 0 for none. */
	reportsTo(): ThreadId {
		for (let id = this.self(); id !== 0; id = this.makerOf(id)) {
			if (this.#labels.takes(indexOf(id))) return id;
		}
		// A Worker of Node's own does not know who started it.
		return this.#labels.takes(indexOf(Registry.main)) ? Registry.main : 0;
	}

	/** Writes down the deaths nobody has learned of: of threads that code of the user's started, or ended from within. */
	#sweep(): void {
		for (let index = 1; index < CAPACITY; index++) {
			const word = Atomics.load(this.#words, recordAt(index) + STATE);
			const state = word & 3;
			if (state === ATTACHED || state === NEW) this.isAlive(((word >>> STATE_BITS) << INDEX_BITS) | index);
		}
	}

	/** Takes the record a parent made as this thread's own; false when the thread was ended before it ran. */
	attachAs(id: ThreadId): boolean {
		this.#self = id;
		return this.#attach(id, ownTid());
	}

	/** @param tid as the kernel knows it, 0 where that cannot be asked */
	#attach(id: ThreadId, tid: number): boolean {
		const at = recordAt(indexOf(id));
		if (tid !== 0) {
			Atomics.store(this.#words, at + TID, tid);
			Atomics.store(this.#words, at + START, startTime(tid));
		}
		return this.#move(id, NEW, ATTACHED);
	}

	/** Ends a thread that has not run yet; false when it runs already. */
	cancel(id: ThreadId): boolean {
		return this.#move(id, NEW, DEAD) && this.#announce();
	}

	/** Writes down that a thread has ended. */
	markDead(id: ThreadId): void {
		if (this.#move(id, ATTACHED, DEAD) || this.#move(id, NEW, DEAD)) this.#announce();
	}

	/** Whether the end of a thread was written down. */
	hasEnded(id: ThreadId): boolean {
		const word = Atomics.load(this.#words, recordAt(indexOf(id)) + STATE);
		return word >>> STATE_BITS !== generationOf(id) || (word & 3) === DEAD;
	}

	/** Whether a thread still lives. Costs a look into `/proc` on Linux. */
	isAlive(id: ThreadId): boolean {
		const at = recordAt(indexOf(id));
		if (this.hasEnded(id)) return false;
		const word = Atomics.load(this.#words, at + STATE);
		if (id === this.#self || this.#isStillThere(at, (word & 3) === NEW)) return true;
		this.markDead(id);
		return false;
	}

	#isStillThere(at: number, isNew: boolean): boolean {
		if (isNew) {
			const maker = Atomics.load(this.#words, at + MAKER);
			return maker === 0 || this.isAlive(maker);
		}
		const tid = Atomics.load(this.#words, at + TID);
		return tid === 0 || startTime(tid) === Atomics.load(this.#words, at + START);
	}

	/** Blocks until a thread ends, `ms` at most; true when it has ended. Only for a thread other than this one. */
	waitForDeath(id: ThreadId, ms: number, longestNap: () => number): boolean {
		const until = performance.now() + ms;
		while (this.isAlive(id)) {
			const left = until - performance.now();
			if (left <= 0) return false;
			const seen = Atomics.load(this.#words, DEATHS);
			if (!this.isAlive(id)) return true;
			Atomics.wait(this.#words, DEATHS, seen, Math.min(left, LOOK_AGAIN_MS, longestNap()));
		}
		return true;
	}

	/** The kernel's id of a thread (Linux); null when it is not known or not running yet. */
	tidOf(id: ThreadId): number | null {
		const at = recordAt(indexOf(id));
		const tid = Atomics.load(this.#words, at + TID);
		return this.#isOf(id) && tid !== 0 ? tid : null;
	}

	/** Whether the record is that of this thread still. */
	#isOf(id: ThreadId): boolean {
		return Atomics.load(this.#words, recordAt(indexOf(id)) + STATE) >>> STATE_BITS === generationOf(id);
	}

	/** Notes that this thread is in a blocking wait without end, which `text` describes, until `endWait`. */
	beginWait(text: string): void {
		this.#waits.begin(indexOf(this.self()), this.self(), text);
	}

	/** Notes that it still waits for what thread `holder` has. */
	stillWaits(holder: ThreadId): void {
		this.#waits.look(indexOf(this.self()), holder);
	}

	endWait(): void {
		this.#waits.end(indexOf(this.self()));
	}

	/** The blocking wait without end that a thread has noted; null when there is none. */
	waitOf(id: ThreadId): LongWait | null {
		return this.#waits.of(indexOf(id), id);
	}

	/** The text of that wait. */
	waitText(id: ThreadId): string {
		return this.#waits.textOf(indexOf(id));
	}

	/** 1, 2, 3, …: numbers for names, unique among all threads of the process. */
	nextNumber(): number {
		return Atomics.add(this.#words, NAMED, 1) + 1;
	}

	/** The same for the child processes of this one. */
	nextProcessNumber(): number {
		return Atomics.add(this.#words, PROCESSES, 1) + 1;
	}

	#announce(): true {
		Atomics.add(this.#words, DEATHS, 1);
		Atomics.notify(this.#words, DEATHS);
		return true;
	}

	#move(id: ThreadId, from: number, to: number): boolean {
		const generation = generationOf(id) << STATE_BITS;
		const at = recordAt(indexOf(id)) + STATE;
		return (
			Atomics.compareExchange(this.#words, at, generation | from, generation | to) === (generation | from)
		);
	}
}

/** A thread that is killed cannot write its own death down, so a blocking wait looks again this often. */
const LOOK_AGAIN_MS = 50;

function keyOf(words: Int32Array): string {
	return `${words[IDENTITY]}:${words[IDENTITY + 1]}`;
}

function recordAt(index: number): number {
	return HEADER_WORDS + index * RECORD_WORDS;
}

function indexOf(id: ThreadId): number {
	return id & (CAPACITY - 1);
}

function generationOf(id: ThreadId): number {
	return id >>> INDEX_BITS;
}
