import { inspect } from 'node:util';
import type { Here } from '../here.js';
import { mapStack } from '../revive/source-map.js';

/** Python's wording above the stack of an error that ended a thread or process. */
export function headingOf({ kind, name }: Pick<Here, 'kind' | 'name'>): string {
	return kind === 'thread' ? `Exception in thread ${name}:` : `Process ${name}:`;
}

/**
 * The stack as the user knows the files, without the frames of this code; of whatever was thrown. With its cause, and
 * what else an error has, as Node shows them.
 */
export function stackOf(error: unknown): string {
	try {
		if (!(error instanceof Error)) return typeof error === 'object' ? inspect(error) : String(error);
		const { stack } = error;
		const text = typeof stack === 'string' && !hasMore(error) ? stack : inspect(error);
		return mapStack(text.replaceAll(ownFrame, '$<end>'));
	} catch {
		return 'something was thrown that cannot be shown';
	}
}

function hasMore(error: Error): boolean {
	return Object.keys(error).length > 0 || Object.hasOwn(error, 'cause') || Object.hasOwn(error, 'errors');
}

/** With the line break before it; what follows an error on its last line stays. */
const ownFrame = /\n\s+at .*(?:conc:far|@conc\/\w+\/far\.cjs):\d+:\d+\)?(?<end> \{|,)?(?=\n|$)/g;
