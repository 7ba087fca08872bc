import { isShareable } from '../codec/shareable.js';
import { CannotCross } from '../errors.js';
import type { Source } from './describe.js';
import { type Binding, readVariables } from './inspector.js';
import { isDivisible, type Members } from './members.js';
import type { Capture } from './shape.js';

/** A captured variable with its present value. */
export interface Reading {
	readonly capture: Capture;
	readonly value: unknown;
	readonly uninitialised: boolean;
}

/** The present values of what a function captures; the inspector is asked only for those that may have changed. */
export function readCaptures(fn: object, { captures, read }: Source): Reading[] {
	const unread = captures.filter(({ name }) => !read.has(name));
	const bindings =
		unread.length === 0
			? []
			: readVariables(
					fn,
					unread.map(({ name }) => name),
				);
	const fresh = new Map<string, Binding>(unread.map(({ name }, at) => [name, bindings[at] as Binding]));
	return captures.map((capture) => {
		const binding = fresh.get(capture.name);
		if (binding === undefined) return { capture, value: read.get(capture.name), uninitialised: false };
		const value = binding.state === 'value' ? binding.value : undefined;
		if (capture.constant && mayKeep(value) && !(isLive(capture) && !isFixed(value)))
			read.set(capture.name, value);
		const isClass = capture.variable?.kind === 'class';
		return {
			capture,
			value,
			uninitialised: binding.state === 'uninitialised' || (isClass && value === undefined),
		};
	});
}

/** Before its declaration ran a variable may read as undefined, so that is no value to keep. */
export function mayKeep(value: unknown): boolean {
	return value !== undefined;
}

/** An import follows its module, which may give the variable behind it a new value. */
export function isLive({ variable }: Capture): boolean {
	return variable?.kind === 'import';
}

/** Modules hardly ever replace what they export as a function or a shareable. */
export function isFixed(value: unknown): boolean {
	return typeof value === 'function' || isShareable(value);
}

/** The members of an object that are used, and nothing else of it. */
export function divide(value: unknown, members: Members, keep: (value: object) => boolean): unknown {
	if (!isDivisible(value, members) || keep(value)) return value;
	const part: Record<string, unknown> = {};
	for (const [name, inner] of members.children) {
		const member = value[name];
		const content = inner === null ? member : divide(member, inner, keep);
		Object.defineProperty(part, name, {
			value: content,
			writable: true,
			enumerable: true,
			configurable: true,
		});
	}
	return part;
}

export function refuseUninitialised({ capture, uninitialised }: Reading): void {
	if (!uninitialised) return;
	throw new CannotCross(
		`uses \`${capture.name}\`, which is not initialised yet`,
		'make the call after its declaration has run',
	);
}
