import { types } from 'node:util';
import { builtinPath } from '../capture/builtin.js';
import { type Description, describe, type Source } from '../capture/describe.js';
import { explicitReference } from '../capture/mark.js';
import { placeOf } from '../capture/place.js';
import { wayOf } from '../capture/reference.js';
import { requiringFile } from '../capture/require.js';
import { readCaptures } from '../capture/values.js';
import { CannotCross } from '../errors.js';
import { packageExport } from '../packages.js';
import { realm } from '../realm.js';
import { revivedOf } from '../revive/revived.js';
import { isLeavingWill } from '../will.js';
import type { GraphContext } from './context.js';
import { captureCell, cellFor } from './encode-captures.js';
import { identityOf } from './identity.js';
import type { Special } from './payload.js';
import { notData, refuseSymbols } from './refuse.js';

/** Decides how a function or class crosses and describes it; its captured variables follow. */
export function replaceFunction(context: GraphContext, fn: object): number {
	if (context.dataOnly) throw notData(nameOf(fn));
	const known = packageExport(fn);
	if (known !== undefined) {
		context.packages.add(known.package);
		return add(context, fn, { type: 'package', ...known });
	}
	// To know all that Node has takes milliseconds, and what came from another thread is none of it.
	const builtin = revivedOf(fn) === undefined ? builtinPath(fn) : undefined;
	if (builtin !== undefined) return add(context, fn, { type: 'builtin', ...builtin });
	const at = explicitReference(fn);
	if (at !== undefined) {
		context.needsModule({ specifier: at.module, parent: at.module });
		return add(context, fn, { type: 'export', module: at.module, path: [at.export] });
	}
	const description = describe(fn);
	if (description.type === 'native') {
		const url = requiringFile(fn);
		if (url !== undefined) return add(context, fn, { type: 'require', url });
		throw new CannotCross(
			'is a native function that no module of Node has by name',
			'wrap it in a function of your own',
		);
	}
	if (description.type === 'bound') return replaceBound(context, fn, description);
	const way = wayOf(fn, description);
	if (way.by === 'reference') {
		context.needsModule({ specifier: way.at.module, parent: way.at.module });
		return add(context, fn, { type: 'export', ...way.at });
	}
	return replaceByValue(context, fn, description);
}

function nameOf(fn: object): string {
	const { name } = fn as { name?: unknown };
	const kind = /^class\b/.test(Function.prototype.toString.call(fn)) ? 'class' : 'function';
	return typeof name === 'string' && name !== '' ? `the ${kind} ${name}` : `a ${kind}`;
}

function add(context: GraphContext, original: object, special: Special): number {
	const index = context.reserve(original);
	context.specials[index] = special;
	return index;
}

function replaceBound(context: GraphContext, fn: object, bound: Description & { type: 'bound' }): number {
	const index = context.reserve(fn);
	const self: unknown[] = [];
	const args: unknown[] = [];
	let target = -1;
	const needs = context.patchRange(() => {
		target = context.special(bound.target);
		context.trail.into('[[BoundThis]]', () => context.put(self, 0, bound.self));
		for (const [at, arg] of bound.args.entries()) {
			context.trail.into('[[BoundArgs]]', () => context.trail.into(at, () => context.put(args, at, arg)));
		}
	});
	context.specials[index] = { type: 'bound', target, self, args, needs };
	return index;
}

function replaceByValue(
	context: GraphContext,
	fn: object,
	description: Exclude<Description, { type: 'native' | 'bound' }>,
): number {
	const index = context.reserve(fn);
	const { template } = description;
	context.needsTemplate(template);
	const cells: number[] = [];
	const assigned: boolean[] = [];
	const own: Record<string, unknown> = {};
	const prototype: Record<string, unknown> = {};
	const parent: unknown[] = [];
	const name = String(Object.getOwnPropertyDescriptor(fn, 'name')?.value ?? '');
	context.specials[index] = {
		type: 'function',
		id: identityOf(fn),
		template: template.id,
		name,
		cells,
		assigned,
		own,
		prototype,
		parent,
	};
	if (description.type === 'revived') {
		const values = description.revived.read();
		for (const [at, cell] of description.revived.cells.entries()) {
			assigned.push(cell.assigned);
			const label = template.names[at] as string;
			const put = (to: number) =>
				context.trail.uses(label, '', () => context.put(context.cells, to, values[at]));
			cells.push(cellFor(context, index, cell.assigned ? cell : undefined, put));
		}
	} else {
		for (const reading of readCaptures(fn, description)) {
			assigned.push(!reading.capture.constant);
			cells.push(captureCell(context, index, fn, description, reading));
		}
		warnLostWrites(fn, description);
	}
	refuseSymbols(fn);
	for (const key of Object.keys(fn)) {
		const value: unknown = Reflect.get(fn, key);
		if (!(template.kept.includes(key) && isMadeByText(description, value))) putOwn(context, own, key, value);
	}
	const methods = (fn as { prototype?: object }).prototype;
	if (template.kind === 'class' || template.kind === 'function') {
		for (const key of Object.keys(methods ?? {}))
			putOwn(context, prototype, key, Reflect.get(methods as object, key));
	}
	if (template.kind === 'function' && methods !== undefined && !types.isGeneratorFunction(fn))
		putParent(context, parent, methods);
	return index;
}

/** A static field that holds a function is made by the text of its class, unless it was given another since. */
function isMadeByText(description: Description, value: unknown): boolean {
	if (description.type !== 'source') return true;
	if (typeof value !== 'function') return false;
	const field = describe(value);
	if (field.type !== 'source' || field.script !== description.script) return false;
	const { start, end } = description.found.node;
	return field.found.start >= start && field.found.end <= end;
}

/** A constructor of the old kind inherits through the prototype of its `prototype`. */
function putParent(context: GraphContext, holder: unknown[], methods: object): void {
	const parent: unknown = Object.getPrototypeOf(methods);
	if (parent !== Object.prototype) context.trail.into('prototype', () => context.put(holder, 0, parent));
}

function putOwn(context: GraphContext, holder: object, key: string, value: unknown): void {
	context.constant = false;
	context.trail.into(key, () => context.put(holder, key, value));
}

function warnLostWrites(fn: object, { captures, template }: Source): void {
	const written = captures.filter((capture) => capture.written);
	if (written.length === 0 || isLeavingWill()) return; // the program did not ask for it
	const warned = realm('warned of lost writes', () => new Set<string>());
	if (warned.has(template.id)) return;
	warned.add(template.id);
	const names = written.map(({ name }) => `\`${name}\``).join(', ');
	process.emitWarning(
		`${placeOf(fn)} assigns to ${names}, which it captures: the new value stays on the far side. ` +
			'Return it, or use a SharedValue.',
		{ code: 'CONC_LOST_WRITE' },
	);
}
