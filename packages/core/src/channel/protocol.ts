import type { Transferable } from 'node:worker_threads';
import type { Template } from '../capture/template.js';
import type { ModuleRequest } from '../codec/payload.js';

/** A payload without what is sent ahead of it. */
export interface WirePayload {
	readonly bytes: Uint8Array;
	readonly shared: SharedArrayBuffer[];
	readonly moved: Transferable[];
	readonly modules: ModuleRequest[];
	/** How many signals are in it. */
	readonly signals: number;
}

/** What an abort names: the number of a call, or the id of a constant. */
export type PayloadKey = number | string;

/** What travels along with a call. */
export function besideCall(id: number): PayloadKey {
	return `beside ${id}`;
}

/** `map` runs the function on each of the arguments, `starmap` on each list of arguments; `stream` runs a generator. */
export type CallMode = 'apply' | 'map' | 'starmap' | 'stream';

/** What comes back when an item of a `map` fails: the results before it, and its error. */
export interface PartialResult {
	readonly done: unknown[];
	readonly error: unknown;
}

/** Everything the two ends of a host say to each other. */
export type Message =
	/** The text of a function, once for each end. */
	| { readonly type: 'template'; readonly template: Template; readonly sourceMap: string | undefined }
	/** Packages that were imported here after the other end was started. */
	| { readonly type: 'packages'; readonly texts: Record<string, string> }
	/** A function that never changes, so that calls can name it. */
	| {
			readonly type: 'constant';
			readonly id: string;
			readonly number: number;
			readonly payload: WirePayload;
	  }
	| { readonly type: 'forget'; readonly templates: string[]; readonly constants: number[] }
	| {
			readonly type: 'call';
			readonly id: number;
			readonly mode: CallMode;
			/** What the caller calls it, if anything. */
			readonly name: string | undefined;
			/** The number of the constant that is called; null when the function comes first in the payload. */
			readonly constant: number | null;
			readonly payload: WirePayload;
			/** The numbers of the constants with which something travels, and what they have packed. */
			readonly carriers: readonly number[];
			readonly packed: WirePayload | null;
	  }
	| {
			readonly type: 'result';
			readonly id: number;
			readonly ok: boolean;
			/** How long the call took. */
			readonly microseconds: number;
			readonly payload: WirePayload;
	  }
	/** What has not begun is wanted back. */
	| { readonly type: 'recall' }
	/** It has not, and never will. */
	| { readonly type: 'returned'; readonly ids: number[] }
	/** So many more items of a stream are wanted. */
	| { readonly type: 'pull'; readonly id: number; readonly items: number }
	/** No more items are wanted. */
	| { readonly type: 'finish'; readonly id: number }
	/** An item of a stream. */
	| { readonly type: 'item'; readonly id: number; readonly payload: WirePayload }
	/** What a call reports on its way. */
	| { readonly type: 'progress'; readonly id: number; readonly payload: WirePayload }
	/** A call looks at its signal, so it may end by itself when that is aborted. */
	| { readonly type: 'listens'; readonly id: number }
	/** Aborts the signal of a call. */
	| { readonly type: 'cancel'; readonly id: number; readonly reason: WirePayload }
	/** A signal that went along with a call was aborted. */
	| {
			readonly type: 'abort';
			readonly payload: PayloadKey;
			readonly signal: number;
			readonly reason: WirePayload;
	  }
	/** What is to be done should the far side end before it can do it; the duty only where it is new. */
	| {
			readonly type: 'will';
			readonly id: number;
			/** For messages. */
			readonly label: string;
			readonly duty: WirePayload | null;
			readonly value: WirePayload;
	  }
	/** The far side does it itself. */
	| { readonly type: 'revoke'; readonly id: number }
	/** What the engine made of the text of the far side. */
	| { readonly type: 'code'; readonly bytes: Uint8Array }
	/** The far side runs. */
	| { readonly type: 'ready' }
	/** No more calls: end when those under way are done. */
	| { readonly type: 'end' }
	/** The error that is about to end the far side. */
	| { readonly type: 'uncaught'; readonly error: WirePayload };
