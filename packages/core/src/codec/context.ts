import type { Transferable } from 'node:worker_threads';
import type { FunctionNode } from '../capture/findings.js';
import type { Scope } from '../capture/scope.js';
import type { Template } from '../capture/template.js';
import type { Graph, ModuleRequest, Special } from './payload.js';
import type { Medium, Shareable } from './shareable.js';
import type { Trail } from './trail.js';

/** One run of the code that opens a scope, told from others by the values its variables have. */
interface ScopeRun {
	readonly values: unknown[];
	readonly token: string;
	/** The functions made directly in the scope: a run makes each of them once. */
	readonly made: Map<FunctionNode, object>;
}

/** What the parts of the encoder share while one value is encoded. */
export interface GraphContext {
	readonly to: Medium;
	readonly trail: Trail;
	readonly lenient: boolean;
	/** Nothing that is or needs code is sent. */
	readonly dataOnly: boolean;
	/** What stands for an object that both sides know under a name. */
	readonly refer: ((value: object) => unknown) | undefined;
	readonly specials: Special[];
	readonly patches: Graph['patches'];
	readonly cells: unknown[];
	/** For each cell the functions that capture it. */
	readonly cellUsers: number[][];
	readonly moved: Transferable[];
	readonly signals: AbortSignal[];
	readonly shareables: Shareable[];
	/** The @conc packages whose exports it names. */
	readonly packages: Set<string>;
	readonly sharedCells: Map<object | string, number>;
	readonly scopeTokens: Map<Scope, ScopeRun[]>;
	constant: boolean;
	put(holder: object, key: string | number, value: unknown): void;
	special(value: unknown): number;
	/** The index of memory that both sides go on using. */
	share(buffer: SharedArrayBuffer): number;
	reserve(original: object | symbol): number;
	copied(original: object, copy: object): void;
	/** The copy of an object that gets only the members that are used; undefined once all of it is copied. */
	part(original: object): object | undefined;
	/** The copy to go on with, which may have members already. */
	begun(original: object): object;
	needsTemplate(template: Template): void;
	needsModule(request: ModuleRequest): void;
	patchRange(visit: () => void): [number, number];
	/** A function that takes back everything added since. */
	checkpoint(): () => void;
}
