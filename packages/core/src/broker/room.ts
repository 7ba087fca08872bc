import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { endingOf } from '../host/ending.js';
import { net, os } from '../lazy.js';
import { realm } from '../realm.js';

/** Room for the sockets of one process, that goes with it. */
interface Room {
	readonly path: string;
	next: number;
}

const room = () =>
	realm<Room>('sockets', () => {
		const path = mkdtempSync(join(userDirectory(), `${process.pid}-`));
		process.on('exit', () => rmSync(path, { recursive: true, force: true }));
		return { path, next: 1 };
	});

/** Where a new socket may be, in a directory into which only this user may look. */
export function socketPath(): string {
	if (process.platform === 'win32') {
		const pipes = realm('pipes', () => ({ next: 1 }));
		return `\\\\.\\pipe\\conc-${process.pid}-${pipes.next++}-${Math.random().toString(36).slice(2)}`;
	}
	const { path, next } = room();
	room().next++;
	return join(path, String(next));
}

function userDirectoryName(): string {
	return join(os().tmpdir(), `conc-${process.getuid?.() ?? 0}`);
}

/** One for all processes of this user, where it can be had; else one only for this process. */
function userDirectory(): string {
	const path = userDirectoryName();
	try {
		mkdirSync(path, { mode: 0o700 });
	} catch {
		const stat = lstatSync(path, { throwIfNoEntry: false });
		const isOurs =
			stat?.isDirectory() === true && stat.uid === process.getuid?.() && (stat.mode & 0o77) === 0;
		if (!isOurs) return mkdtempSync(join(os().tmpdir(), 'conc-')); // somebody else has taken the name
	}
	return path;
}

/** Removes the rooms beside that of this socket whose processes were killed. */
export function removeDeadRooms(socket: string): void {
	if (process.platform === 'win32') return;
	const own = dirname(socket);
	const all = dirname(own);
	if (all !== userDirectoryName()) return;
	attempt(() => {
		for (const name of readdirSync(all)) {
			const path = join(all, name);
			if (path !== own && isGone(Number.parseInt(name, 10))) attempt(() => removeIfDead(path));
		}
	});
}

function removeIfDead(path: string): void {
	const remove = () => rmSync(path, { recursive: true, force: true });
	const first = lstatSync(path).isDirectory() ? readdirSync(path)[0] : undefined;
	if (first === undefined) return remove();
	// It may be a process of another container, whose ids mean nothing here.
	const socket = net()
		.connect(join(path, first), () => socket.destroy())
		.on('error', ({ code }: NodeJS.ErrnoException) => {
			if (code === 'ECONNREFUSED' || code === 'ENOENT') attempt(remove);
		});
}

/** Another process may remove the same at this very moment, and what cannot be removed is in nobody's way. */
function attempt(act: () => void): void {
	try {
		act();
	} catch {}
}

/** Whether no process with this id runs any more. */
export function isGone(pid: number): boolean {
	try {
		process.kill(pid, 0);
	} catch (error) {
		return (error as { code?: string }).code === 'ESRCH';
	}
	return endingOf(pid) !== null; // one that nobody has waited for still has its id
}
