import { checkKind, checkObject } from '@conc/core';
import { Queue, RWLock, SharedValue } from '@conc/lock';
import { Connection } from '../connection/connection.js';
import type { EndHandle } from './holders.js';
import type { Message } from './message.js';
import { PipeEnd } from './pipe-end.js';
import { QueueEnd } from './queue-end.js';

export interface PipeOptions {
	/** Both ends send and receive, which is the default; else the first only receives and the second only sends. */
	readonly duplex?: boolean | undefined;
}

/** So many messages may wait in each direction. */
const MOST_MESSAGES = 1_024;

/**
 * Two ends of a pipe: what is sent at one is received at the other. (`multiprocessing.Pipe`)
 *
 * An end goes to a thread or process as an argument, a captured variable, an item or a message; who gave it away need
 * not close its own. When all who have an end have closed it or died, the other end gets an EndOfStreamError, once it
 * has taken what was sent. A message may have 128 MB.
 *
 *     const [here, there] = Pipe();
 *     new Process({ target: async () => there.send('hello') }).start();
 *     console.log(await here.recv());
 */
export function Pipe<T = unknown>(options: PipeOptions = {}): [Connection<T>, Connection<T>] {
	checkObject('options', options ?? null, 'such as { duplex: false }');
	const { duplex = true } = options;
	checkKind('duplex', 'a boolean', duplex, typeof duplex === 'boolean');
	const first = newEnd();
	const second = newEnd();
	const toFirst = new Queue<Message>({ maxsize: MOST_MESSAGES });
	const toSecond = duplex ? new Queue<Message>({ maxsize: MOST_MESSAGES }) : null;
	const type = 'queue';
	const one = new PipeEnd(
		new QueueEnd({ type, incoming: toFirst, outgoing: toSecond, own: first, other: second }),
	);
	const other = new PipeEnd(
		new QueueEnd({ type, incoming: toSecond, outgoing: toFirst, own: second, other: first }),
	);
	PipeEnd.join(one, other);
	return [new Connection<T>(one), new Connection<T>(other)];
}

function newEnd(): EndHandle {
	return {
		lock: new RWLock(),
		underWay: new SharedValue('int32'),
		givenAt: new SharedValue('float64'),
	};
}
