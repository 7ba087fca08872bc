import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as lockPackage from '@conc/lock';
import { afterAll } from 'vitest';

export interface Copy {
	readonly url: string;
	readonly exports: typeof lockPackage;
}

/** A second copy of the built package, with its text changed. */
export async function copyOfPackage(change: (text: string) => string = (text) => text): Promise<Copy> {
	const built = fileURLToPath(import.meta.resolve('@conc/lock'));
	// Where the copy finds @conc/core, and nobody takes it for a part of the sources.
	const cache = path.resolve(path.dirname(built), '../node_modules/.cache');
	await mkdir(cache, { recursive: true });
	const directory = await mkdtemp(path.join(cache, 'copy-'));
	afterAll(() => rm(directory, { recursive: true }));
	const file = path.join(directory, 'copy.mjs');
	await writeFile(file, change(await readFile(built, 'utf8')));
	const url = pathToFileURL(file).href;
	return { url, exports: await import(url) };
}

/** A wait looks again after a while, which would hide that nobody woke it. After this change it hardly ever does. */
export function seldomLooking(text: string): string {
	return changed(text, 'LOOK_AGAIN_MS = 50', 'LOOK_AGAIN_MS = 2 ** 30');
}

/** An asynchronous waiter loses a turn that its thread is too slow for. After this change it has half an hour. */
export function neverLate(text: string): string {
	return changed(text, 'LATE_MICROS = 5e3', 'LATE_MICROS = 2 ** 31');
}

/** The text with one place changed, which must be there. */
function changed(text: string, from: string, to: string): string {
	if (!text.includes(from)) throw new Error(`the package has no ${from}`);
	return text.replace(from, to);
}

/** Calls what a thread has set as `heldUp` between joining a line and its first look. */
export function heldUpInLine(text: string): string {
	const join = 'turn.slot = waiters.join(true);';
	return changed(text, join, `${join} globalThis.heldUp?.();`);
}

/** Calls what a thread has set as `heldUp` when it looks whether it may read, and again between that and reading. */
export function heldUpToRead(text: string): string {
	const looks = 'if (!this.#writer.letsIn(turn)';
	const enters = 'this.#readers.enter();\n      if (this.#writer.isAbsent';
	const held = (before: string) => (so: string) => changed(so, before, `globalThis.heldUp?.(); ${before}`);
	return held(looks)(held(enters)(text));
}

/** Calls what a thread has set as `heldUp` between seeing whose turn it is and telling so. */
export function heldUpBeforeTelling(text: string): string {
	const tells =
		'if (this.#slots.freeIfDead(slot)) return false;\n    if (this.#slots.state(slot) === WAITING';
	return changed(text, tells, `globalThis.heldUp?.(); ${tells}`);
}

/** Calls what a thread has set as `heldUp` between choosing who is notified and notifying it. */
export function heldUpBeforeNotifying(text: string): string {
	const notifies = '!this.#slots.freeIfDeadAndUntold(slot) && this.#grant';
	return changed(text, notifies, `(globalThis.heldUp?.(), true) && ${notifies}`);
}
