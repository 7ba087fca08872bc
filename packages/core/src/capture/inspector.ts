import type { Debugger, Profiler, Runtime, Session } from 'node:inspector';
import { CannotCross } from '../errors.js';
import { realm } from '../realm.js';

/** Where a function begins in the source that really runs; lines and columns count from 0. */
export interface Location {
	readonly scriptId: string;
	readonly line: number;
	readonly column: number;
}

/** What the engine knows of a script. */
export interface ScriptRecord {
	readonly url: string;
	readonly startLine: number;
	readonly startColumn: number;
	readonly isModule: boolean;
	readonly sourceMapUrl: string;
}

/** What the engine knows of a function. */
export interface Inspected {
	/** Absent for native and bound functions. */
	readonly location?: Location;
	readonly bound?: { readonly target: object; readonly self: unknown; readonly args: unknown[] };
}

const slot = Symbol.for('@conc/core:slot');
const slotText = "globalThis[Symbol.for('@conc/core:slot')]";
const home = globalThis as { [slot]?: { subject?: unknown; found?: unknown } };
const group = 'conc';

const session = () =>
	realm('inspector', () => {
		try {
			const { Session } = process.getBuiltinModule('node:inspector');
			const opened = new Session();
			opened.connect();
			return opened;
		} catch {
			throw new CannotCross(
				'cannot be looked into: this process has no inspector, or may not use it',
				"give the function by reference: byReference(fn, { module: import.meta.url, export: 'name' })",
			);
		}
	});

const scripts = () => realm('scripts', () => new Map<string, ScriptRecord>());

function hasInspector(): boolean {
	try {
		return session() !== undefined;
	} catch {
		return false;
	}
}

/** A variable a function can see and its value; or that it is not initialised; or that no scope but the global has it. */
export type Binding =
	| { readonly state: 'value'; readonly value: unknown }
	| { readonly state: 'uninitialised' }
	| { readonly state: 'global' };

/**
 * Asks the engine about a function. Once its place is known, `wanted` may name variables to read in the same round
 * trip, which goes to `read`.
 */
export function inspect(
	fn: object,
	wanted: (location: Location) => readonly string[],
	read: (bindings: Binding[]) => void,
): Inspected {
	return withSubject(fn, (id) => {
		const internal = internalProperties(id);
		const target = internal('[[TargetFunction]]');
		if (target !== undefined) {
			return { bound: readBound([target, internal('[[BoundThis]]'), internal('[[BoundArgs]]')]) };
		}
		const at = internal('[[FunctionLocation]]')?.value as Debugger.Location | undefined;
		if (at === undefined) return {};
		const location = { scriptId: at.scriptId, line: at.lineNumber, column: at.columnNumber ?? 0 };
		const names = wanted(location);
		if (names.length > 0) read(readScopes(internal('[[Scopes]]'), names));
		return { location };
	});
}

/** The present values of some variables in the scope chain of a function. One round trip, however many names. */
export function readVariables(fn: object, names: readonly string[]): Binding[] {
	return withSubject(fn, (id) => readScopes(internalProperties(id)('[[Scopes]]'), names));
}

function internalProperties(objectId: string): (name: string) => Runtime.RemoteObject | undefined {
	const params = { objectId, ownProperties: true };
	const { internalProperties = [] } = post<Runtime.GetPropertiesReturnType>('Runtime.getProperties', params);
	return (name) => internalProperties.find((property) => property.name === name)?.value;
}

function readScopes(scopes: Runtime.RemoteObject | undefined, names: readonly string[]): Binding[] {
	post('Runtime.callFunctionOn', {
		objectId: scopes?.objectId,
		functionDeclaration: `function (names) {
			const scopes = Array.from(this, (scope) => scope.object);
			${slotText}.found = names.map((name) => {
				for (const scope of scopes) {
					if (scope === globalThis) return { state: 'global' };
					if (!(name in scope)) continue;
					try { return { state: 'value', value: scope[name] }; }
					catch { return { state: 'uninitialised' }; }
				}
				return { state: 'global' };
			});
		}`,
		arguments: [{ value: names }],
		objectGroup: group,
	});
	return home[slot]?.found as Binding[];
}

function readBound(remote: (Runtime.RemoteObject | undefined)[]): Inspected['bound'] {
	post('Runtime.callFunctionOn', {
		objectId: remote[0]?.objectId,
		functionDeclaration: `function (...bound) { ${slotText}.found = bound; }`,
		arguments: remote.map((value) => ({
			objectId: value?.objectId,
			value: value?.value,
			unserializableValue: value?.unserializableValue,
		})),
		objectGroup: group,
	});
	const [target, self, args] = (home[slot] as { found: [object, unknown, unknown[]] }).found;
	return { target, self, args: Array.from(args) };
}

/** A script of which some function has run. */
export interface Loaded {
	readonly url: string;
	/** Of its source; null where the engine has forgotten. */
	readonly length: number | null;
}

/**
 * Where a script comes from, without the debugger, which takes 15 ms for each megabyte of source in the process. Undefined
 * where the engine tells nothing of it.
 */
export function loadedScript(scriptId: string): Loaded | undefined {
	if (!loadedScripts().has(scriptId)) noteLoaded();
	return loadedScripts().get(scriptId);
}

const loadedScripts = () => realm('loaded scripts', () => new Map<string, Loaded>());

function noteLoaded(): void {
	// The profiler is not enabled for it: to disable it again would end what others measure.
	const { result } = post<Profiler.GetBestEffortCoverageReturnType>('Profiler.getBestEffortCoverage', {});
	for (const { scriptId, url, functions } of result) {
		const { functionName, ranges } = functions[0] ?? {};
		const [range] = ranges ?? [];
		const isWhole = functionName === '' && range?.startOffset === 0;
		loadedScripts().set(scriptId, { url, length: isWhole ? range.endOffset : null });
	}
}

/** Whether code of the file with this URL has run in this thread. False where nothing can be looked into. */
export function hasRun(url: string): boolean {
	if (!hasInspector()) return false;
	const isListed = () => [...loadedScripts().values()].some((script) => script.url === url);
	if (isListed()) return true;
	noteLoaded();
	return isListed();
}

/** Scripts that came with Node's own snapshot are not listed by every version. */
const unlisted: ScriptRecord = {
	url: 'node:',
	startLine: 0,
	startColumn: 0,
	isModule: false,
	sourceMapUrl: '',
};

/**
 * The record of a script and the source that really runs: after type stripping, a transformer or a bundler. Empty for
 * Node's own scripts, whose sources the engine need not have.
 */
export function readScript(scriptId: string): { record: ScriptRecord; source: string } {
	const collect = ({ params }: { params: Debugger.ScriptParsedEventDataType }) => {
		scripts().set(params.scriptId, {
			url: params.url,
			startLine: params.startLine,
			startColumn: params.startColumn,
			isModule: params.isModule === true,
			sourceMapUrl: params.sourceMapURL ?? '',
		});
	};
	const open = session();
	open.on('Debugger.scriptParsed', collect);
	try {
		post('Debugger.enable', {});
		const record = scripts().get(scriptId) ?? unlisted;
		if (record.url.startsWith('node:')) return { record, source: '' };
		const method = 'Debugger.getScriptSource';
		return { record, source: post<Debugger.GetScriptSourceReturnType>(method, { scriptId }).scriptSource };
	} finally {
		post('Debugger.disable', {});
		open.off('Debugger.scriptParsed', collect);
	}
}

/** Whether a function is native or its text is Node's own; where nothing can be looked into, it is taken to be. */
export function standsInNode(fn: object): boolean {
	if (!hasInspector()) return true;
	const { location, bound } = inspect(
		fn,
		() => [],
		() => {},
	);
	if (bound !== undefined) return false;
	if (location === undefined) return true;
	const { scriptId } = location;
	const { url } = scripts().get(scriptId) ?? loadedScript(scriptId) ?? readScript(scriptId).record;
	return url.startsWith('node:');
}

/** Puts a value where the inspector can reach it, and takes every trace of it away afterwards. */
function withSubject<T>(subject: object, use: (objectId: string) => T): T {
	home[slot] = { subject };
	try {
		const { result } = post<Runtime.EvaluateReturnType>('Runtime.evaluate', {
			expression: `${slotText}.subject`,
			objectGroup: group,
		});
		return use(result.objectId as string);
	} finally {
		post('Runtime.releaseObjectGroup', { objectGroup: group });
		delete home[slot];
	}
}

/** A session in its own thread answers before `post` returns. */
function post<Result>(method: string, params: object): Result {
	let answer: Result | undefined;
	let failure: Error | null = null;
	(session() as Session).post(method, params, (error, result) => {
		failure = error;
		answer = result as Result;
	});
	if (failure !== null) throw new Error(`${method}: ${(failure as Error).message}`);
	return answer as Result;
}
