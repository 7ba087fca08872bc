import type { Medium, SyncWaitOptions, WaitOptions } from '@conc/core';

/** What a connection is made of: a socket, or an end of a pipe. */
export interface End {
	/** What the other end is called in messages. */
	readonly peer: string;
	readonly isClosed: boolean;
	send(value: unknown): Promise<void>;
	sendSync(value: unknown): void;
	recv(options: WaitOptions | undefined): Promise<unknown>;
	recvSync(options: SyncWaitOptions | undefined): unknown;
	sendBytes(bytes: Uint8Array): Promise<void>;
	recvBytes(options: WaitOptions | undefined): Promise<Uint8Array<ArrayBuffer>>;
	poll(options: WaitOptions | undefined): Promise<boolean>;
	pollSync(options: SyncWaitOptions | undefined): boolean;
	close(): void;
	/** What crosses in its place. Throws where it cannot. */
	share(to: Medium): unknown;
	/** That has gone to somebody; gives what takes that back. */
	sent(): (() => void) | undefined;
}
