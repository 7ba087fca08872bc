import type { Here } from '../here.js';
import { Registry } from '../liveness/registry.js';
import { report } from './report.js';
import { headingOf, stackOf } from './stack.js';

// How a thread or process says by itself what failed in it.

/** The function failed that this thread or process was started for. */
export function reportFailure(here: Here, error: unknown): void {
	if (here.kind === 'thread') return reportOf(here, error);
	process.exitCode = 1;
	process.stderr.write(`${headingOf(here)}\n${stackOf(error)}\n`);
}

/** An error that nobody catches is about to end it. Node prints the stack in a process, and nothing in a thread. */
export function reportUncaught(here: Here, error: unknown): void {
	if (here.runs === 'many') return; // a worker's is told by whoever started it
	if (here.kind === 'thread') reportOf(here, error);
	else process.stderr.write(`${headingOf(here)}\n`);
}

/** A promise was rejected that nobody handles, in a worker that goes on. */
export function reportFloating({ name }: Here, reason: unknown): void {
	process.stderr.write(`Unhandled rejection in ${name}:\n${stackOf(reason)}\n`);
}

function reportOf({ name, daemon }: Here, error: unknown): void {
	report({ error, thread: Registry.ours().self(), label: { name, daemon } });
}
