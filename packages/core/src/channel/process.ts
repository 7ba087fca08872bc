import type { Socket } from 'node:net';
import { deserialize, Serializer } from 'node:v8';
import type { Small } from '../codec/small.js';
import type { FarChannel, FarReceiver, NearChannel, NearReceiver, Receiver } from './channel.js';
import { Frames, framed, HEADER_BYTES, RECORDS, writeHeader } from './frames.js';
import { Intake } from './intake.js';
import type { Outlet } from './outlet.js';
import { Patience } from './patience.js';
import type { Message } from './protocol.js';
import { type Rec, Records } from './records.js';

/** For so long a process without a call looks for the next before it sleeps. */
const LOOK_MS = 0.1;
/** A batch is not let grow beyond this, so that no frame is too long but for a single payload that is. */
const BATCH_BYTES = 1 << 26;
/** How many bytes of records are gathered in one frame. */
const RECORDS_BYTES = 0x1_0000;

/** What the two ends have in common: frames on an inherited socket, in the order in which they were made. */
abstract class End {
	readonly #socket: Socket;
	readonly #outlet: Outlet;
	readonly #intake = new Intake();
	readonly #take: (chunk: Buffer) => void;
	/** Frames that are complete, the messages of the next, and its records; at most one of the latter two. */
	#frames: Buffer[] = [];
	#messages: Message[] = [];
	#waitingBytes = 0;
	#memory = Buffer.allocUnsafeSlow(RECORDS_BYTES);
	#records = new Records(this.#memory);
	#recordsEnd = HEADER_BYTES;
	#isScheduled = false;

	constructor(socket: Socket, outlet: Outlet, receiver: Receiver) {
		this.#socket = socket;
		this.#outlet = outlet;
		const frames = new Frames((kind, bytes, from, to) => {
			if (kind === RECORDS) return this.receiveRecords(bytes, from, to);
			for (const message of deserialize(bytes.subarray(from, to)) as Message[]) this.receiveMessage(message);
		});
		let failure: Error | undefined;
		this.#take = (chunk) => {
			if (failure !== undefined) return;
			try {
				frames.push(chunk);
			} catch (cause) {
				failure = new Error(
					'what came through its channel is no message: code in it wrote to file descriptor 3',
					{ cause },
				);
				socket.destroy();
			}
		};
		socket.on('data', this.#take);
		socket.on('close', () => {
			outlet.close(); // the number of its descriptor will soon be another file's
			receiver.closed(failure);
		});
		// The end of the other process is learned from its exit; a broken pipe here says nothing more.
		socket.on('error', (error: NodeJS.ErrnoException) => {
			if (error.code === 'EBADF') failure ??= error; // code in this process closed it
		});
	}

	protected abstract receiveRecords(bytes: Buffer, from: number, to: number): void;
	protected abstract receiveMessage(message: Message): void;

	post(message: Message): void {
		this.#closeRecords();
		this.#messages.push(message);
		this.#waitingBytes +=
			'payload' in message && typeof message.payload === 'object' ? message.payload.bytes.length : 0;
		if (this.#waitingBytes > BATCH_BYTES) this.send();
		else this.#schedule();
	}

	/** What is too much for one frame begins the next; false when it is too much for any. */
	protected write(id: number, about: number, values: readonly Small[]): boolean {
		this.#closeMessages();
		let end = this.#records.write(this.#recordsEnd, RECORDS_BYTES, id, about, values);
		if (end === -1) {
			this.#closeRecords();
			end = this.#records.write(this.#recordsEnd, RECORDS_BYTES, id, about, values);
		}
		if (end === -1) return false;
		this.#recordsEnd = end;
		this.#schedule();
		return true;
	}

	flush(): void {
		this.send();
		this.#outlet.flushSync();
	}

	send(): boolean {
		this.#isScheduled = false;
		this.#closeMessages();
		if (this.#frames.length === 0 && this.#recordsEnd > HEADER_BYTES) {
			// By far the most frequent: its memory is used again when all of it is gone.
			const sent = this.#outlet.write(this.#frame());
			if (this.#outlet.isEmpty) this.#recordsEnd = HEADER_BYTES;
			else this.#renew();
			return sent;
		}
		this.#closeRecords();
		const frames = this.#frames;
		if (frames.length === 0) return this.#outlet.writeWhatFits();
		this.#frames = [];
		return this.#outlet.write(...frames);
	}

	drain(): boolean {
		return this.#intake.drain(this.#socket, this.#take);
	}

	ref(): void {
		this.#socket.ref();
	}

	unref(): void {
		this.#socket.unref();
	}

	close(): void {
		this.#outlet.close();
		this.#socket.destroy();
	}

	protected get isSent(): boolean {
		return this.#outlet.isEmpty;
	}

	#schedule(): void {
		if (this.#isScheduled) return;
		this.#isScheduled = true;
		queueMicrotask(() => {
			if (this.#isScheduled) this.send();
		});
	}

	#closeMessages(): void {
		if (this.#messages.length === 0) return;
		this.#frames.push(...framed(serialize(this.#messages)));
		this.#messages = [];
		this.#waitingBytes = 0;
	}

	#closeRecords(): void {
		if (this.#recordsEnd === HEADER_BYTES) return;
		this.#frames.push(this.#frame());
		this.#renew();
	}

	#frame(): Buffer {
		writeHeader(this.#memory, RECORDS, this.#recordsEnd - HEADER_BYTES);
		return this.#memory.subarray(0, this.#recordsEnd);
	}

	#renew(): void {
		this.#memory = Buffer.allocUnsafeSlow(RECORDS_BYTES);
		this.#records = new Records(this.#memory);
		this.#recordsEnd = HEADER_BYTES;
	}
}

/** The near end of the channel to a process. */
export class NearProcessChannel extends End implements NearChannel {
	readonly #receiver: NearReceiver;

	constructor(socket: Socket, outlet: Outlet, receiver: NearReceiver) {
		super(socket, outlet, receiver);
		this.#receiver = receiver;
	}

	call(id: number, constant: number, values: readonly Small[]): boolean {
		return this.write(id, constant, values);
	}

	/** What has left for another process is out of reach. */
	takeBack(): boolean {
		return false;
	}

	hasBegun(): null {
		return null;
	}

	get hasRoom(): boolean {
		return true;
	}

	protected override receiveMessage(message: Message): void {
		this.#receiver.receive(message);
	}

	protected override receiveRecords(bytes: Buffer, from: number, to: number): void {
		const records = new Records(bytes);
		for (let at = from; at < to; at += records.lengthAt(at)) {
			const { id, about, values } = records.read(at);
			this.#receiver.answered(id, about, values?.[0]);
		}
	}
}

/** A call that came as a message, or a frame of calls of which those before `at` have begun. */
type Arrived = { readonly id: number } | { readonly records: Records; at: number; readonly end: number };

/** The far end, in the process. */
export class FarProcessChannel extends End implements FarChannel {
	readonly #receiver: FarReceiver;
	#arrived: Arrived[] = [];
	readonly #patience = new Patience(LOOK_MS, () => this.drain() && this.#arrived.length > 0);

	constructor(socket: Socket, outlet: Outlet, receiver: FarReceiver) {
		super(socket, outlet, receiver);
		this.#receiver = receiver;
		socket.on('data', () => receiver.arrived()); // after it has been taken apart
	}

	next(): Rec | null {
		const [first] = this.#arrived;
		if (first === undefined) return null;
		if ('id' in first) {
			this.#arrived.shift();
			return { id: first.id, about: 0, values: null };
		}
		const call = first.records.read(first.at);
		first.at += first.records.lengthAt(first.at);
		if (first.at >= first.end) this.#arrived.shift();
		return call;
	}

	giveBack(): number[] {
		const ids: number[] = [];
		for (let call = this.next(); call !== null; call = this.next()) ids.push(call.id);
		return ids;
	}

	answer(id: number, microseconds: number, value: Small): boolean {
		return this.write(id, microseconds, [value]);
	}

	secure(): boolean {
		this.send();
		return this.isSent;
	}

	rest(): boolean {
		this.send();
		return !this.#patience.look();
	}

	protected override receiveMessage(message: Message): void {
		if (message.type === 'call') this.#arrived.push({ id: message.id });
		this.#receiver.receive(message);
	}

	protected override receiveRecords(bytes: Buffer, from: number, to: number): void {
		this.#arrived.push({ records: new Records(bytes), at: from, end: to });
	}
}

function serialize(messages: Message[]): Buffer {
	const serializer = new Serializer();
	serializer.writeHeader();
	serializer.writeValue(messages);
	return serializer.releaseBuffer();
}
