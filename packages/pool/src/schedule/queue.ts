import type { Task } from '../submit/task.js';
import { Lane } from './lane.js';

/** The priority of a task for which none was given. */
const USUAL = 0;

/** The tasks that wait: the highest priority first, and of one priority the one that came first. */
export class TaskQueue {
	readonly #usual = new Lane<Task>();
	/** None is empty, but for that of most tasks. */
	readonly #lanes = new Map([[USUAL, this.#usual]]);
	/** The priorities there are, the highest last. */
	readonly #priorities: number[] = [USUAL];
	#length = 0;

	get length(): number {
		return this.#length;
	}

	push(task: Task): void {
		this.#length++;
		this.#lane(task.priority).push(task);
	}

	/** Puts a task back where it was taken. */
	unshift(task: Task): void {
		this.#length++;
		this.#lane(task.priority).unshift(task);
	}

	/** The next. */
	get first(): Task | undefined {
		for (let at = this.#priorities.length - 1; at >= 0; at--) {
			const task = this.#laneOf(this.#priorities[at] as number)?.first;
			if (task) return task;
		}
		return undefined;
	}

	shift(): Task | undefined {
		const task = this.first;
		if (task !== undefined) this.remove(task);
		return task;
	}

	/** False when it does not wait here. */
	remove(task: Task): boolean {
		const { lane, priority } = task;
		if (lane === null || lane !== this.#laneOf(priority)) return false;
		lane.remove(task);
		this.#length--;
		if (lane.first === null && priority !== USUAL) this.#drop(priority);
		return true;
	}

	#lane(priority: number): Lane<Task> {
		const found = this.#laneOf(priority);
		if (found !== undefined) return found;
		const made = new Lane<Task>();
		this.#lanes.set(priority, made);
		this.#priorities.splice(this.#indexOf(priority), 0, priority);
		return made;
	}

	#laneOf(priority: number): Lane<Task> | undefined {
		return priority === USUAL ? this.#usual : this.#lanes.get(priority);
	}

	#drop(priority: number): void {
		this.#lanes.delete(priority);
		this.#priorities.splice(this.#indexOf(priority), 1);
	}

	/** Where among the priorities it is, or belongs. */
	#indexOf(priority: number): number {
		let from = 0;
		let to = this.#priorities.length;
		while (from < to) {
			const middle = (from + to) >> 1;
			if ((this.#priorities[middle] as number) < priority) from = middle + 1;
			else to = middle;
		}
		return from;
	}
}
