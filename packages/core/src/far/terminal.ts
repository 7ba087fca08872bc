import { fstatSync } from 'node:fs';
import { tty } from '../lazy.js';

/** What the stream of a terminal has, and others have not. */
const members = ['isTTY', 'columns', 'rows', 'getWindowSize', 'getColorDepth', 'hasColors'] as const;

type Terminal = Partial<Pick<NodeJS.WriteStream, (typeof members)[number]>>;

/** Has a stream tell of the terminal behind its descriptor as that of a main thread does. Looks only when it is asked. */
export function describeTerminal(stream: NodeJS.WriteStream, fd: number): void {
	let terminal: Terminal | undefined;
	for (const name of members) {
		Object.defineProperty(stream, name, {
			configurable: true,
			get() {
				terminal ??= terminalAt(fd);
				return terminal[name];
			},
			set: (value: unknown) =>
				Object.defineProperty(stream, name, { value, configurable: true, writable: true }),
		});
	}
}

function terminalAt(fd: number): Terminal {
	if (!isCharacterDevice(fd) || !tty().isatty(fd)) return {};
	const { getColorDepth, hasColors } = tty().WriteStream.prototype;
	return {
		isTTY: true,
		getColorDepth,
		hasColors,
		getWindowSize: () => sizeAt(fd),
		get columns() {
			return sizeAt(fd)[0];
		},
		get rows() {
			return sizeAt(fd)[1];
		},
	};
}

/** Tells nearly all others from a terminal in no time; what asks for that takes two milliseconds to load. */
function isCharacterDevice(fd: number): boolean {
	try {
		return fstatSync(fd).isCharacterDevice();
	} catch {
		return false; // it was closed
	}
}

/** Columns and rows as they are now. */
function sizeAt(fd: number): [number, number] {
	const stream = new (tty().WriteStream)(fd);
	const size = stream.getWindowSize();
	stream.destroy();
	return size;
}
