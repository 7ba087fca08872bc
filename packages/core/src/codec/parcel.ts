import { deserialize, serialize } from 'node:v8';
import type { Template } from '../capture/template.js';
import { CaptureError } from '../errors.js';
import { addPackageTexts, packageTexts } from '../packages.js';
import { isLoaded, loadModules } from '../revive/modules.js';
import { decode } from './decode.js';
import { encode } from './encode.js';
import type { ModuleRequest } from './payload.js';
import { type Medium, tellSent } from './shareable.js';

/** A value with all that another thread of this process needs to have it, as bytes: for what waits in memory. */
export interface Packed {
	readonly bytes: Uint8Array;
	/** It needs the texts of functions, or modules: they are among the bytes. */
	readonly hasNeeds: boolean;
	/** It is sent to nobody after all. */
	readonly takeBack?: (() => void) | undefined;
}

interface Needs {
	readonly templates: Template[];
	readonly modules: ModuleRequest[];
	/** The texts of @conc packages. */
	readonly packages: Record<string, string>;
}

/** Throws a CaptureError for what cannot cross, or cannot be held in bytes. Locks and the like are held as for a process. */
export function packValue(value: unknown, subject: string, to: Medium = 'thread'): Packed {
	const payload = encode(value, { to, subject, root: 'item' });
	const { bytes, templates, modules, shared, signals, packages } = payload;
	// Bytes cannot hold memory, but what leads to it.
	if (shared.length > 0) return packValue(value, subject, 'process');
	if (signals.length > 0) {
		throw new CaptureError(
			`${subject} cannot be held in bytes: it contains an AbortSignal\n  → give it to the thread when that is started`,
		);
	}
	const takeBack = payload.shareables.length > 0 ? tellSent(payload) : undefined;
	const hasNeeds = templates.length + modules.length + packages.length > 0;
	const needs: Needs = { templates, modules, packages: packageTexts(packages) };
	return { bytes: hasNeeds ? serialize([bytes, needs]) : bytes, hasNeeds, takeBack };
}

/** A packed value on the other side. */
export class Parcel {
	readonly #bytes: Uint8Array;
	readonly #needs: Needs;

	constructor({ bytes, hasNeeds }: Packed) {
		[this.#bytes, this.#needs] = hasNeeds
			? (deserialize(bytes) as [Uint8Array, Needs])
			: [bytes, { templates: [], modules: [], packages: {} }];
		addPackageTexts(this.#needs.packages);
	}

	/** Whether all modules it needs are imported in this thread. */
	get isReady(): boolean {
		return this.#needs.modules.every(isLoaded);
	}

	/** Imports what it needs. */
	async prepare(): Promise<void> {
		await loadModules(this.#needs.modules, 'result');
	}

	/** The value. Only when it is ready. */
	open(): unknown {
		const templates = new Map(this.#needs.templates.map((template) => [template.id, template]));
		const payload = { bytes: this.#bytes, shared: [], moved: [] };
		return decode(payload, { templates, signal: () => new AbortController().signal });
	}
}
