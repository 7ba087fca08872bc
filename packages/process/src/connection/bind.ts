import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { type Address, whyNot } from './address.js';

/** Only the user whose program listens may connect. */
const OWNER_ONLY = 0o600;

/** Lets a server listen. A socket's file that a listener left behind which has died is replaced. */
export async function bind(server: Server, address: Address): Promise<void> {
	try {
		await listen(server, address).catch(async (cause: NodeJS.ErrnoException) => {
			if (cause.code !== 'EADDRINUSE' || !(await isLeftBehind(address))) throw cause;
			unlinkSync(address.path as string);
			await listen(server, address);
		});
	} catch (cause) {
		throw whyNot(address, cause as NodeJS.ErrnoException);
	}
}

function listen(server: Server, { path, host, port }: Address): Promise<void> {
	return new Promise((resolve, reject) => {
		const listening = () => {
			server.off('error', reject);
			resolve();
		};
		server.once('error', (error) => {
			server.off('listening', listening);
			reject(error);
		});
		server.once('listening', listening);
		// A worker of node:cluster would get a socket of its parent's.
		server.listen(path === undefined ? { host, port, exclusive: true } : { path, exclusive: true });
		// The file is there on return, unless the address is in use: nobody gets between.
		if (path !== undefined && server.listening && process.platform !== 'win32') chmodSync(path, OWNER_ONLY);
	});
}

/** Whether it is the file of a socket at which nobody listens any more. */
async function isLeftBehind({ path }: Address): Promise<boolean> {
	if (path === undefined || !lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return false;
	return new Promise((resolve) => {
		const socket = connect(path);
		socket.once('connect', () => {
			socket.destroy();
			resolve(false);
		});
		socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
	});
}
