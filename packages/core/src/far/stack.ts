import { inspect } from 'node:util';
import type { Here } from '../here.js';
import { mapStack } from '../revive/source-map.js';

/** Python's wording above the stack of an error that ended a thread or process. */
export function headingOf({ kind, name }: Pick<Here, 'kind' | 'name'>): string {
	return kind === 'thread' ? `Exception in thread ${name}:` : `Process ${name}:`;
}

/** The stack as the user knows the files, without the frames of this code; of whatever was thrown. */
export function stackOf(error: unknown): string {
	try {
		if (!(error instanceof Error)) return typeof error === 'object' ? inspect(error) : String(error);
		const { stack } = error;
		if (typeof stack !== 'string') return inspect(error);
		const lines = stack.split('\n').filter((line) => !ownFrame.test(line));
		return mapStack(lines.join('\n'));
	} catch {
		return 'something was thrown that cannot be shown';
	}
}

const ownFrame = /^\s+at .*(conc:far|@conc\/\w+\/far\.cjs):\d+:\d+\)?$/;
