import { kindOf, leaveReports, printReport, printStack, type Report, realm, takeReports } from '@conc/core';
import { handleOf, type ThreadHandle } from './handle.js';

/** An error that ended a thread. (`threading.ExceptHookArgs`) */
export interface Uncaught {
	readonly error: unknown;
	/** The Thread itself where the hook runs in the thread that started it. */
	readonly thread: ThreadHandle;
}

/** What is done with errors that end threads. */
export type Excepthook = (uncaught: Uncaught) => void;

const hook = () => realm('excepthook', () => ({ set: printUncaught, original: printUncaught }));

/**
 * Has `handler` called, once each, with the errors that end the threads this one starts, and those which they start, and
 * so on, unless one of these has set a handler of its own; it counts from now on, also for threads that run already.
 * Returns the handler before it: the first one prints `Exception in thread NAME:` and the stack on stderr, and setting it
 * again makes all as it was. Throws a TypeError for what is not a function. (`threading.excepthook`)
 *
 * It runs in the thread that set it - what it captures is not copied -, before `result` rejects and `join` is done: in a
 * turn of the event loop, within a wait of @conc in which the thread blocks, or when it ends. Such a wait gives up its place in line
 * meanwhile, so the handler may take what it waits for. In a wait, or at the end, an error whose class is in a module not imported here yet
 * is a plain Error with all that it had of its own. A thread that computes without a
 * pause is told when it pauses; only one that is killed meanwhile is not told, and nothing is printed then. When the handler throws,
 * or returns a promise that rejects, that is printed, and the error it was given as well; all else goes on.
 */
export function setExcepthook(handler: Excepthook): Excepthook {
	if (typeof handler !== 'function')
		throw new TypeError(`handler must be a function, not ${kindOf(handler)}`);
	const ours = hook();
	const before = ours.set;
	ours.set = handler;
	if (handler === ours.original) leaveReports();
	else takeReports(tell);
	return before;
}

function tell(report: Report): void {
	const complain = (failure: unknown) => {
		printStack('Exception in threading.excepthook:', failure);
		printReport(report);
	};
	try {
		const { error, thread, label } = report;
		const done: unknown = hook().set({ error, thread: handleOf(thread, label) });
		Promise.resolve(done).catch(complain);
	} catch (failure) {
		complain(failure);
	}
}

function printUncaught({ error, thread: { name, daemon } }: Uncaught): void {
	printReport({ error, label: { name, daemon } });
}
