import { closeSync, mkdtempSync, openSync, rmdirSync, unlinkSync, writeSync } from 'node:fs';
import path from 'node:path';
import { os } from '../lazy.js';

/** Where in the file something is, in bytes. */
export type Place = readonly [at: number, length: number];

/**
 * What every child of this thread reads when it starts, in a file that has no name: it is gone with the last that has it
 * open. Each text is written once.
 */
export class TextFile {
	readonly fd: number;
	readonly #places = new Map<string | Uint8Array, Place>();
	#end = 0;

	private constructor(fd: number) {
		this.fd = fd;
	}

	/** Null where no file can be written. */
	static open(): TextFile | null {
		// Windows removes no file that is open.
		if (process.platform === 'win32') return null;
		for (const directory of ['/dev/shm', os().tmpdir()]) {
			try {
				return new TextFile(openNameless(directory));
			} catch {}
		}
		return null;
	}

	/** Writes it at the end, unless it is there already. Throws where the disk is full. */
	place(text: string | Uint8Array): Place {
		const known = this.#places.get(text);
		if (known !== undefined) return known;
		const bytes = typeof text === 'string' ? Buffer.from(text) : text;
		for (let done = 0; done < bytes.length; ) {
			done += writeSync(this.fd, bytes, done, bytes.length - done, this.#end + done);
		}
		const place: Place = [this.#end, bytes.length];
		this.#end += bytes.length;
		this.#places.set(text, place);
		return place;
	}

	close(): void {
		closeSync(this.fd);
	}
}

function openNameless(directory: string): number {
	const fresh = mkdtempSync(path.join(directory, 'conc-'));
	const file = path.join(fresh, 'texts');
	try {
		const fd = openSync(file, 'wx+', 0o600);
		unlinkSync(file);
		return fd;
	} finally {
		rmdirSync(fresh);
	}
}
