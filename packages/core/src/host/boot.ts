import { serialize } from 'node:v8';
import { Script } from 'node:vm';
import { entryUrl } from '../capture/script.js';
import type { Here } from '../here.js';
import { zlib } from '../lazy.js';
import { packageNames, packageTexts } from '../packages.js';
import { realm } from '../realm.js';
import { code, texts } from '../texts.js';
import { FAR_FILENAME, farSource } from './arguments.js';
import { type Place, TextFile } from './text-file.js';

/** What a new thread or process is told before anything else. */
export interface Boot {
	readonly here: Here;
	/** The code of the far side itself, for workers of that worker. */
	readonly texts: { readonly far: string; readonly parser: string };
	readonly packages: Record<string, string>;
	readonly entryUrl: string;
}

/** What a thread makes its boot of: its texts are in memory that all threads share, and none has a copy before it needs it. */
export function shareBoot(here: Here): Omit<Boot, 'texts' | 'packages'> & SharedTexts {
	const { texts, packages } = allTexts();
	return { here, entryUrl: entryUrl(), texts: shared(texts), packages: shared(packages) };
}

interface SharedTexts {
	readonly texts: Record<string, SharedArrayBuffer>;
	readonly packages: Record<string, SharedArrayBuffer>;
}

function shared(texts: Readonly<Record<string, string>>): Record<string, SharedArrayBuffer> {
	const known = realm('shared texts', () => new Map<string, SharedArrayBuffer>());
	const entries = Object.entries(texts).map(([name, text]): [string, SharedArrayBuffer] => {
		const memory = known.get(text) ?? memoryWith(text);
		known.set(text, memory);
		return [name, memory];
	});
	return Object.fromEntries(entries);
}

function memoryWith(text: string): SharedArrayBuffer {
	const memory = new SharedArrayBuffer(Buffer.byteLength(text));
	Buffer.from(memory).write(text);
	return memory;
}

/** With every text that a child is to find in it; null where no file can be written. */
export function textFile(): TextFile | null {
	const opened = realm('text file', () => ({ file: TextFile.open() }));
	try {
		if (opened.file !== null) placesIn(opened.file);
	} catch {
		opened.file?.close(); // the disk is full
		opened.file = null;
	}
	return opened.file;
}

/**
 * The same in frames for a process, which finds its texts in the file. Without one they are the second frame, deflated so
 * that they fit into an empty pipe and the parent need not stay to push them.
 */
export function packBoot(here: Here, more: Record<string, unknown>, file: TextFile | null): Buffer[] {
	const places = file === null ? null : { ...placesIn(file), code: codeIn(file) };
	const rest = serialize({ here, entryUrl: entryUrl(), ...more, places });
	return file === null ? [rest, packedTexts()] : [rest];
}

function placesIn(file: TextFile): { texts: Record<string, Place>; packages: Record<string, Place> } {
	const { texts, packages } = allTexts();
	const placed = (all: Readonly<Record<string, string>>) =>
		Object.fromEntries(Object.entries(all).map(([name, text]) => [name, file.place(text)]));
	return { texts: placed(texts), packages: placed(packages) };
}

/** Where what the engine makes of the far text is, so that a child need not do that again. */
function codeIn(file: TextFile): Place | null {
	try {
		return file.place(code().far ?? compiled());
	} catch {
		return null; // the disk is full
	}
}

function compiled(): Uint8Array {
	return realm('compiled far text', () =>
		new Script(farSource(texts().far), { filename: FAR_FILENAME }).createCachedData(),
	);
}

function packedTexts(): Buffer {
	const packed = realm('packed texts', () => ({ packages: -1, bytes: Buffer.alloc(0) }));
	const count = packageNames().length;
	if (packed.packages !== count) {
		packed.bytes = zlib().deflateRawSync(serialize(allTexts()), { level: DEFLATE_LEVEL });
		packed.packages = count;
	}
	return packed.bytes;
}

/** Two thirds of the time of the usual level, for a hundredth more bytes. */
const DEFLATE_LEVEL = 5;

function allTexts(): Pick<Boot, 'texts' | 'packages'> {
	return { texts: texts(), packages: packageTexts(packageNames()) };
}
