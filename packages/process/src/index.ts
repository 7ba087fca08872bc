export { AuthenticationError, CaptureError, HomeLostError, TimeoutError } from '@conc/core';
export {
	AbandonedLockError,
	Barrier,
	BoundedSemaphore,
	BrokenBarrierError,
	Condition,
	DeadlockError,
	Event,
	type Held,
	LifoQueue,
	Lock,
	LockError,
	PriorityQueue,
	Queue,
	QueueEmptyError,
	QueueFullError,
	QueueShutDownError,
	RLock,
	RWLock,
	Semaphore,
	SharedArray,
	SharedValue,
} from '@conc/lock';
export type { Address, ConnectionOptions } from './connection/address.js';
export { type ConnectOptions, connect } from './connection/connect.js';
export { Connection } from './connection/connection.js';
export { Listener } from './connection/listener.js';
export {
	activeChildren,
	type CurrentProcess,
	cpuCount,
	currentProcess,
	type ParentProcess,
	parentProcess,
} from './current.js';
export {
	ConnectionError,
	EndOfStreamError,
	ProcessError,
	ProcessExitError,
} from './errors.js';
export { Manager, type ManagerOptions, type RegisterOptions } from './manager/manager.js';
export type { DictProxy, ListProxy, NamespaceProxy, SetProxy } from './manager/proxies.js';
export { ManagerProxy, type Proxied } from './manager/proxy.js';
export { closeManager, serveManager } from './manager/server.js';
export type { ProcessOptions } from './options.js';
export { Pipe, type PipeOptions } from './pipe/pipe.js';
export { Process } from './process.js';
