import { checkKind, checkObject, kindOf } from '@conc/core';
import { ConnectionError } from '../errors.js';

/** Where a listener is: the file of its socket, or a TCP port. */
export type Address =
	| { readonly path: string; readonly host?: undefined; readonly port?: undefined }
	| { readonly path?: undefined; readonly host: string; readonly port: number };

/** An address as it is asked for: the host is this machine when it is left out. */
export type AskedAddress =
	| { readonly path: string; readonly host?: undefined; readonly port?: undefined }
	| { readonly path?: undefined; readonly host?: string | undefined; readonly port: number };

/** What holds for the connections of a listener, and for one that is made. */
export interface ConnectionOptions {
	/** The secret that both ends must have: a text or bytes. */
	readonly authkey?: string | Uint8Array | undefined;
	/** A longer message is not sent, and ends a connection on which it comes; 1 GiB when left out. */
	readonly maxMessageBytes?: number | undefined;
}

const HERE = '127.0.0.1';
const GIB = 2 ** 30;
/** What the four bytes of a length can say. */
const MOST_BYTES = 2 ** 32 - 1;
/** The system takes a few more, which differ. */
const LONGEST_PATH = 103;

/** Throws for what is no address. */
export function readAddress(asked: AskedAddress, lowestPort: number): Address {
	checkObject('address', asked ?? null, 'such as { path } or { port }');
	const { path, host = HERE, port }: { path?: unknown; host?: unknown; port?: unknown } = asked;
	if (path !== undefined) {
		if (typeof path !== 'string') throw new TypeError(`path must be a string, not ${kindOf(path)}`);
		if (asked.host !== undefined || port !== undefined)
			throw new TypeError('an address has a path, or a host and a port, not both');
		const isLong = process.platform !== 'win32' && Buffer.byteLength(path) > LONGEST_PATH;
		if (path === '' || path.includes('\0') || isLong)
			throw new TypeError(`path must be the name of a file, of 1 to ${LONGEST_PATH} bytes`);
		return { path };
	}
	if (typeof host !== 'string' || host === '')
		throw new TypeError(
			`host must be the name of a host, not ${host === '' ? 'an empty text' : kindOf(host)}`,
		);
	if (typeof port !== 'number') throw new TypeError(`port must be a number, not ${kindOf(port)}`);
	if (!Number.isInteger(port) || port < lowestPort || port > 0xffff)
		throw new RangeError(`port must be a whole number from ${lowestPort} to 65535, not ${port}`);
	return { host, port };
}

/** Throws for what is not an option's value. Over TCP anybody may come, so there a key must be given. */
export function readOptions(
	options: ConnectionOptions,
	address: Address,
): { authkey: Uint8Array | undefined; maxMessageBytes: number } {
	checkObject('options', options ?? null, 'such as { authkey }');
	const { authkey, maxMessageBytes = GIB }: ConnectionOptions = options;
	const isKey = typeof authkey === 'string' || authkey instanceof Uint8Array;
	checkKind('authkey', 'a string or a Uint8Array', authkey, isKey);
	if (authkey?.length === 0) throw new TypeError('authkey must not be empty');
	if (authkey === undefined && address.path === undefined)
		throw new TypeError(
			'over TCP an authkey is required, as anybody may connect: give { authkey }, or use { path }',
		);
	const isSize = Number.isInteger(maxMessageBytes) && maxMessageBytes > 0 && maxMessageBytes <= MOST_BYTES;
	checkKind('maxMessageBytes', `a whole number from 1 to ${MOST_BYTES}`, maxMessageBytes, isSize);
	return { authkey: typeof authkey === 'string' ? Buffer.from(authkey) : authkey?.slice(), maxMessageBytes };
}

/** How an address is shown. */
export function show({ path, host, port }: Address): string {
	return path ?? `${host}:${port}`;
}

/** What the system has said about an address. */
export function whyNot(address: Address, cause: NodeJS.ErrnoException): ConnectionError {
	const where = show(address);
	const reasons: Readonly<Record<string, string>> = {
		ENOENT: `cannot connect to ${where}: there is no such file, so no listener`,
		ECONNREFUSED: `cannot connect to ${where}: nobody listens there`,
		EADDRINUSE: `cannot listen at ${where}: the address is in use, by another listener or a file: close that, or use another address`,
		EACCES: `cannot use ${where}: it is not permitted, or the directory is not there`,
	};
	return new ConnectionError(reasons[cause.code ?? ''] ?? `cannot use ${where}: ${cause.message}`, { cause });
}
