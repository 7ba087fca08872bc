import type { Transferable } from 'node:worker_threads';
import type { BuiltinPath } from '../capture/builtin.js';
import type { ExportReference } from '../capture/reference.js';
import type { Template } from '../capture/template.js';
import type { PackageExport } from '../packages.js';
import type { Shareable } from './shareable.js';

/** A value on its way: bytes, and what bytes cannot hold. */
export interface Payload {
	readonly bytes: Uint8Array;
	/** Memory that both sides go on using (threads only). */
	readonly shared: SharedArrayBuffer[];
	/** What moves to the other side (threads only). */
	readonly moved: Transferable[];
	/** Texts the other side needs first; a channel sends each of them once. */
	readonly templates: Template[];
	/** Modules the other side imports first. */
	readonly modules: ModuleRequest[];
	/** Signals whose abort is passed on while the call runs. */
	readonly signals: AbortSignal[];
	/** What the other side gets the same of. */
	readonly shareables: Shareable[];
	/** @conc packages the other side must know. */
	readonly packages: string[];
	/** Nothing in it can change: functions over constants, built-ins and shareables. */
	readonly constant: boolean;
}

/** A module as some file imports it. */
export interface ModuleRequest {
	readonly specifier: string;
	/** The URL of the file that imports it. */
	readonly parent: string;
}

export function moduleKey({ specifier, parent }: ModuleRequest): string {
	return `${specifier}\n${parent}`;
}

/**
 * What the bytes hold when a value has parts that structured clone does not know. Those parts are listed in
 * `specials`, and `patches` says where each belongs; as patches name their place by identity, nothing in a user's data
 * can be mistaken for one.
 */
export interface Graph {
	readonly root: unknown[];
	readonly specials: Special[];
	readonly patches: Patch[];
	/** The values of captured variables; functions that share one name the same index. */
	readonly cells: unknown[];
	/** Functions that share a variable some code assigns, so they are compiled as one. */
	readonly units: number[][];
	readonly constant: boolean;
}

/** `holder[key]` is the special with this index. */
export type Patch = [holder: object, key: string | number, special: number];

/** A range of `patches` that must be in place before the special can be made. */
export type PatchRange = readonly [from: number, to: number];

export type Special =
	| ({ readonly type: 'package' } & PackageExport)
	| ({ readonly type: 'builtin' } & BuiltinPath)
	| ({ readonly type: 'export' } & ExportReference)
	| ({ readonly type: 'import'; readonly name: string } & ModuleRequest)
	| { readonly type: 'require'; readonly url: string }
	/** What stands for `import()` in the files that vite transforms. */
	| { readonly type: 'importer'; readonly url: string }
	| FunctionSpecial
	| {
			readonly type: 'bound';
			readonly target: number;
			readonly self: unknown[];
			readonly args: unknown[];
			readonly needs: PatchRange;
	  }
	| {
			readonly type: 'shareable';
			readonly class: number;
			readonly handle: unknown[];
			readonly needs: PatchRange;
	  }
	| { readonly type: 'instance'; readonly target: unknown; readonly class: number }
	| { readonly type: 'prototype'; readonly target: unknown; readonly prototype: unknown[] }
	/** The `prototype` of a class. */
	| { readonly type: 'class-prototype'; readonly class: number }
	| {
			readonly type: 'map';
			readonly entries: unknown[];
			readonly own: Record<string, unknown>;
			readonly class: number;
	  }
	| {
			readonly type: 'set';
			readonly items: unknown[];
			readonly own: Record<string, unknown>;
			readonly class: number;
	  }
	| {
			readonly type: 'error';
			readonly class: number;
			readonly stack: string;
			/** Own properties: name, value in `values`, whether it is enumerable. */
			readonly keys: [name: string, enumerable: boolean][];
			readonly values: unknown[];
	  }
	| {
			readonly type: 'dom-exception';
			readonly message: string;
			readonly name: string;
			readonly stack: string;
	  }
	| { readonly type: 'buffer'; readonly bytes: Uint8Array }
	| { readonly type: 'url'; readonly href: string }
	| { readonly type: 'search-params'; readonly text: string }
	| { readonly type: 'symbol'; readonly key: string }
	/** An object both sides know under a name. */
	| { readonly type: 'reference'; readonly reference: unknown }
	| {
			readonly type: 'signal';
			readonly index: number;
			readonly aborted: boolean;
			readonly reason: unknown[];
			readonly needs: PatchRange;
	  }
	| { readonly type: 'moved'; readonly index: number }
	| { readonly type: 'shared'; readonly index: number }
	| {
			readonly type: 'view';
			/** `Int32Array`, `DataView`, `Buffer`, … */
			readonly class: string;
			readonly index: number;
			readonly byteOffset: number;
			/** In elements. */
			readonly length: number;
	  };

export interface FunctionSpecial {
	readonly type: 'function';
	/** The same in every thread, so that a class that returns home is the class it was. */
	readonly id: string;
	readonly template: string;
	readonly name: string;
	/** Indexes into the cells, in the order of the template's names. */
	readonly cells: number[];
	/** Which of them some code assigns. */
	readonly assigned: boolean[];
	/** Own enumerable properties, and those of its `prototype`. */
	readonly own: Record<string, unknown>;
	readonly prototype: Record<string, unknown>;
	/** What its `prototype` inherits from; empty where that is the usual. */
	readonly parent: unknown[];
}
