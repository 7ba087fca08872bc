import { type CannotCross, CaptureError } from '../errors.js';
import type { Medium } from './shareable.js';

interface Step {
	name: string;
	readonly place: string;
}

/** The way from the value that is sent to the part at hand, for messages. */
export class Trail {
	/** One step for each function on the way: `db.sockets[2]`, used by the one before it. */
	readonly #steps: Step[];

	constructor(root: string) {
		this.#steps = [{ name: root, place: '' }];
	}

	/** Goes into a member of the present value. */
	into<T>(key: string | number, visit: () => T): T {
		const step = this.#steps.at(-1) as Step;
		const before = step.name;
		step.name = before + member(key);
		const result = visit();
		step.name = before;
		return result;
	}

	/** Goes into a variable that the present function captures. */
	uses<T>(name: string, place: string, visit: () => T): T {
		this.#steps.push({ name, place });
		const result = visit();
		this.#steps.pop();
		return result;
	}

	/** A function that goes back to the present place. */
	checkpoint(): () => void {
		const steps = this.#steps.map((step) => ({ ...step }));
		return () => {
			this.#steps.splice(0, this.#steps.length, ...steps);
		};
	}

	/** The error for the part at hand. The trail is of no use after it. */
	error(cause: CannotCross, to: Medium, subject: string): CaptureError {
		const [root, ...used] = this.#steps as [Step, ...Step[]];
		const clauses = used.map(({ name, place }) => `uses \`${name}\`${place && ` (${place})`}`);
		const start = root.name === '' ? 'it' : `\`${root.name}\``;
		const sentence = [...clauses, cause.reason].join(',\n  which ');
		return new CaptureError(
			`cannot send ${subject} to a ${to}:\n  ${start} ${sentence}\n  → ${cause.wayOut}`,
		);
	}
}

function member(key: string | number): string {
	if (typeof key === 'number') return `[${key}]`;
	return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
