import {
	type Exit,
	type Host,
	type HostExitError,
	howItEnded,
	type Medium,
	movesSomething,
	type Prepared,
	TimeoutError,
} from '@conc/core';
import { WorkerCrashedError } from '../errors.js';
import { LONGEST_MS, type PoolSettings } from '../options.js';
import { Lane } from '../schedule/lane.js';
import type { Task } from '../submit/task.js';
import { Assignment } from './assignment.js';
import { AHEAD_US, costOf } from './cost.js';
import { Deadline } from './deadline.js';
import { startHost } from './start.js';

/** A worker that was stopped and is still there after so long is not waited for: a thread in a native call is. */
const STUCK_MS = 5_000;

/** A task that was cancelled when it was about to begin is most likely done after so long: it was a short one. */
const AHEAD_MS = 20;

/** So many tasks may be in a worker. A process gives none back while one before it does not pause. */
const MOST_AHEAD = { thread: 512, process: 64 };

/** To whom a worker tells how its tasks end. */
export interface Employer {
	/** Milliseconds a cancelled task that looks at its signal has to end. */
	readonly gracePeriod: number;
	/** A task was settled. */
	ended(worker: Worker): void;
	/** A task has not begun and will not: another worker may have it. */
	returned(worker: Worker, task: Task): void;
	/** What it has is a stream of which nobody wants more at the moment. */
	paused(): void;
}

/** A host that runs one task of a pool after the other. Short ones are given to it ahead of time. */
export class Worker {
	readonly host: Host;
	readonly #employer: Employer;
	readonly #temporary = new Set<string>();
	/** How many tasks it has been given. */
	tasks = 0;
	/** It gets no more tasks and is about to end, because the pool wants it. */
	isLeaving = false;
	/** It keeps the program alive. */
	#isHeld = false;
	/** What it has been given, in the order in which it runs it: of these only the first may have begun. */
	readonly line = new Lane<Task>();
	/** How many microseconds that will take about. */
	load = 0;
	/** Nothing was answered between two looks: then it gets no more until something is. */
	#isStalled = false;
	#isRecalled = false;
	#answersSeen = 0;
	#answers = 0;
	/** Resolves when it has ended, or when it is stuck and given up. */
	readonly gone: Promise<void>;
	#giveUp: () => void = () => {};
	/** Of its first task. */
	readonly #deadline: Deadline;
	/** The task that has heard that it is not wanted any more. */
	#told: Task | null = null;
	#idleTimer: NodeJS.Timeout | undefined;

	constructor(medium: Medium, settings: PoolSettings, employer: Employer) {
		this.#employer = employer;
		this.host = startHost(medium, settings);
		this.#deadline = new Deadline(
			this.host.ready,
			(task) => this.#expire(task),
			(task) => this.#stopFor(task),
		);
		this.host.unref(); // a worker with nothing to do keeps nobody waiting
		this.gone = new Promise((resolve) => {
			this.#giveUp = resolve;
			void this.host.exited.then(() => {
				this.rouse();
				resolve();
			});
		});
	}

	/** The task it runs. */
	get current(): Task | null {
		return this.line.first;
	}

	/** Whether it can have a task. Of a thread it shows afterwards whether a task had begun; a process is asked whether it lives. */
	get isThere(): boolean {
		return this.host.medium === 'thread' || this.host.isAlive;
	}

	/** Whether it may have a task ahead of time. */
	hasRoomFor(task: Task): boolean {
		const { medium, isReady, exit } = this.host;
		// The first task shows that its initializer is over.
		if (this.isLeaving || this.#isStalled || !isReady || exit !== null || this.tasks === 0) return false;
		if (this.#isRecalled || !this.host.hasRoom) return false;
		if (this.line.length >= MOST_AHEAD[medium] || this.load + costOf(task) > AHEAD_US) return false;
		// A process that has to be stopped for a task that takes too long must not have begun another meanwhile.
		return medium === 'thread' || (!hasLimit(task) && !hasLimit(this.line.last));
	}

	/** Runs a task to its end, whatever happens to the worker, after those it has been given before. */
	give(task: Task): void {
		task.state = 'running';
		task.cost = costOf(task);
		this.load += task.cost;
		this.line.push(task);
		this.#hold();
		if (this.line.length === 1) this.#begin(task);
		const constant = task.call.constant;
		if (constant?.isTemporary) this.#temporary.add(constant.id);
		const id = this.host.run(new Assignment(this, task));
		task.callId = id;
		task.stream?.given(
			(items) => {
				this.#hold();
				this.host.pull(id, items);
			},
			() => {
				this.#hold();
				this.host.finish(id);
			},
		);
	}

	/** A task is the first of the line: it runs as soon as the worker does. */
	#begin(task: Task): void {
		if (task.isCondemned && !this.isLeaving) this.#deadline.stopAfter(AHEAD_MS, task);
		else this.#deadline.start(task);
	}

	/** Of an assignment. */
	answer(task: Task, ok: boolean, value: unknown): void {
		if (!this.#remove(task)) return; // the worker was given up
		this.#answers++;
		this.#isStalled = false;
		if (ok) task.resolve(value);
		else task.reject(value);
		this.#employer.ended(this);
	}

	/** Of an assignment: the worker has ended. */
	lost(task: Task, { exit, mayHaveRun }: HostExitError): void {
		if (!this.#remove(task)) return;
		if (task.isCondemned) task.reject(undefined);
		// What was moved to it is gone with it.
		else if (mayHaveRun || movesSomething(task.call)) task.reject(this.crash(exit, task));
		else return this.#return(task);
		this.#employer.ended(this);
	}

	/** Of an assignment: it was recalled before it began. */
	returned(task: Task): void {
		this.tasks--;
		if (this.#remove(task)) this.#return(task);
	}

	/** Of an assignment: an item of its stream. */
	item(task: Task, value: unknown): void {
		task.stream?.item(value);
		this.#hold();
	}

	/** Of an assignment: it looks at its signal. */
	listens(task: Task): void {
		task.listens = true;
		if (task.isCondemned && !this.isLeaving) this.callOff(task);
	}

	/** False when it is not its task. */
	#remove(task: Task): boolean {
		if (task.lane !== this.line) return false;
		const wasFirst = task === this.line.first;
		this.line.remove(task);
		this.load -= task.cost;
		this.#hold();
		if (!wasFirst) return true;
		this.#deadline.clear();
		const next = this.line.first;
		if (next !== null) this.#begin(next);
		return true;
	}

	#return(task: Task): void {
		task.state = 'queued';
		this.#employer.returned(this, task);
	}

	/** A task is condemned. It never begins, or has some time to end if it listens, or ends with the worker. */
	callOff(task: Task): void {
		this.host.pump(); // it may be over
		if (task.lane !== this.line) return;
		if (this.takeBack(task)) {
			task.reject(undefined);
			this.#employer.ended(this);
		} else if (task !== this.current) {
			this.#recall(); // if it does not come back, it is seen to when its turn comes
		} else if (task.listens) {
			if (this.#told === task) return;
			this.#told = task;
			this.#hold();
			this.host.cancel(task.callId, task.reason);
			this.#deadline.stopAfter(this.#employer.gracePeriod, task);
		} else this.#stopFor(task);
	}

	/** Ends the worker because of its first task, and takes no other with it. */
	#stopFor(task: Task): void {
		if (!this.returnAhead()) return; // the next one has begun: this one is over, and its answer on the way
		if (task === this.current) this.stop();
	}

	#expire(task: Task): void {
		const message = `${task.name} ran longer than its timeout of ${task.timeout} ms`;
		task.condemn(new TimeoutError(message), false);
		this.callOff(task);
	}

	/** Takes back a task that has not begun; false when it may have. */
	takeBack(task: Task): boolean {
		if (!this.host.takeBack(task.callId)) return false;
		this.tasks--;
		this.#remove(task);
		return true;
	}

	/** Takes back all tasks but the first; false when another has begun. */
	returnAhead(): boolean {
		for (let task = this.line.last; task !== null && task !== this.line.first; task = this.line.last) {
			if (!this.takeBack(task)) return this.host.medium === 'process';
			this.#return(task);
		}
		return true;
	}

	/** Whether tasks wait behind one that has not ended since the last look. They are taken back then, where possible. */
	relieve(): void {
		if (this.line.length < 2) return;
		this.host.pump(); // answers may be there of which nothing was told yet
		const hasAnswered = this.#answers !== this.#answersSeen;
		this.#answersSeen = this.#answers;
		if (hasAnswered || this.line.length < 2) return;
		if (this.#isStalled) return;
		this.#isStalled = true;
		if (this.host.medium === 'process') this.#recall();
		else this.returnAhead();
	}

	/** Until what was given to it has come back, nothing more is, which would begin before that. */
	#recall(): void {
		if (this.#isRecalled || this.host.exit !== null) return;
		this.#isRecalled = true;
		this.host.recall(() => {
			this.#isRecalled = false;
		});
	}

	/** Does what the event loop would do for its task, for a caller who blocks; false when there was nothing to do. */
	attend(): boolean {
		const moved = this.host.pump();
		const task = this.current;
		if (task === null || !this.host.isReady) return moved;
		this.#deadline.look(task, () => this.isLeaving);
		return moved;
	}

	/** How it ended, if it has, though no event has told yet; then its tasks are dealt with. */
	lose(): Exit | null {
		const { ending } = this.host;
		if (ending === null) return null;
		this.host.pump(); // what it sent before
		this.isLeaving = true;
		this.rouse();
		this.host.abandon(ending);
		return ending;
	}

	/** All it has is a stream of which nobody wants more at the moment. */
	get isPaused(): boolean {
		const { first, length } = this.line;
		return first !== null && length === 1 && first.isPaused && !this.isLeaving;
	}

	/** While somebody waits for what it does, it keeps the program alive. */
	#hold(): void {
		const { isPaused } = this;
		const isHeld = this.isLeaving || (this.line.length > 0 && !isPaused);
		if (isHeld === this.#isHeld) return;
		this.#isHeld = isHeld;
		if (isHeld) this.host.ref();
		else this.host.unref();
		if (isPaused) this.#employer.paused();
	}

	/** It has nothing to do: calls `weary` when that has been so for `ms`, and again each time after. */
	rest(ms: number, weary: () => void): void {
		if (ms > LONGEST_MS) return;
		this.#idleTimer = setInterval(weary, ms).unref();
	}

	/** It has something to do again. */
	rouse(): void {
		clearInterval(this.#idleTimer);
	}

	/** Lets it end by itself. */
	leave(): void {
		this.rouse();
		this.isLeaving = true;
		this.#hold(); // whoever joins waits for its end
		this.host.end();
	}

	/** Ends it at once. The task it runs is rejected when it is gone, as its verdict says. */
	stop(): void {
		this.rouse();
		this.isLeaving = true;
		this.#hold();
		void this.host.terminate('SIGKILL');
		const timer = setTimeout(() => {
			this.host.abandon({ exitCode: 1, signalCode: null, reason: 'terminated' });
			this.host.unref();
			this.#giveUp();
		}, STUCK_MS);
		void this.gone.then(() => clearTimeout(timer));
	}

	/** Lets the far side forget what was prepared for a map that is over. */
	release(prepared: Prepared): void {
		if (this.#temporary.delete(prepared.constant.id)) this.host.release(prepared);
	}

	/** What its end is to the task it ran, or to the pool. */
	crash(exit: Exit, task: Task | null): WorkerCrashedError {
		const { title, id } = this.host;
		const when = task === null ? '' : ` while it ran ${task.name}`;
		return new WorkerCrashedError(`${title} ${howItEnded(exit)}${when}`, exit, id, task?.name ?? '');
	}
}

function hasLimit(task: Task | null): boolean {
	return task?.mayBeStopped === true;
}
