import { fileURLToPath } from 'node:url';
import { CannotCross } from '../errors.js';
import { crypto } from '../lazy.js';
import { type ClassParts, hasPrivateMembers, type Span } from './class.js';
import type { FunctionNode, LexicalUse } from './findings.js';
import { placeIn } from './place.js';
import { positionOf, type Script } from './script.js';

/** The text of a function and where it stands: the part of a crossing that never changes, sent once to each worker. */
export interface Template {
	readonly id: string;
	readonly kind: FunctionNode['kind'];
	readonly text: string;
	readonly url: string;
	/** Of the first character of the text, counted from 0. */
	readonly line: number;
	readonly column: number;
	readonly strict: boolean;
	/** The captured variables, in the order their values are sent. */
	readonly names: readonly string[];
	/** Those a class needs while it is being evaluated: what it extends and what names its members. */
	readonly eager: readonly string[];
	/** Static fields of a class that the text itself makes. */
	readonly kept: readonly string[];
	/** A class with `#private` members, whose instances cannot be copied. */
	readonly isPrivate: boolean;
}

/** `import.meta` and its stand-in have the same length, so no column moves. */
export const metaName = '$importMeta';
const metaText = 'import.meta';
const metaProperties = new Set(['url', 'dirname', 'filename']);

/** Cuts a function out of its script; refuses what makes sense only where it stands. */
export function makeTemplate(
	script: Script,
	found: FunctionNode,
	parts: ClassParts,
	names: readonly string[],
	keyNames: readonly string[],
): Template {
	const uses = script.analysis?.lexicalUses.filter(({ at }) => at >= found.start && at < found.end) ?? [];
	for (const use of uses) refuseLexical(script, found, use);
	return seal({
		kind: found.kind,
		text: cut(script, found, parts, uses),
		url: script.url,
		...positionOf(script, found.start),
		strict: found.scope.strict || found.kind === 'class' || ownStrict(found),
		names,
		eager: names.filter((name) => name === parts.heritageName || keyNames.includes(name)),
		kept: [...parts.kept],
		isPrivate: hasPrivateMembers(found),
	});
}

/** Names a template by its content, so that all threads agree on the name. */
function seal(content: Omit<Template, 'id'>): Template {
	const id = crypto().createHash('sha1').update(JSON.stringify(content)).digest('base64url').slice(0, 20);
	return { id, ...content };
}

/** What a module's `import.meta` says of itself. */
export function importMeta(url: string): { url: string; filename?: string; dirname?: string } {
	if (!url.startsWith('file:')) return { url };
	return {
		url,
		filename: fileURLToPath(url),
		dirname: fileURLToPath(new URL('.', url)).replace(/[\\/]$/, ''),
	};
}

function cut(script: Script, found: FunctionNode, parts: ClassParts, uses: readonly LexicalUse[]): string {
	let text = script.source.slice(found.start, found.end);
	const blank = (from: number, to: number, by: string) => {
		const start = from - found.start;
		text = text.slice(0, start) + by.padEnd(to - from) + text.slice(to - found.start);
	};
	for (const { at } of uses.filter(({ what }) => what === 'import.meta')) {
		blank(at, at + metaText.length, metaName);
	}
	const spaces = ({ start, end }: Span) => script.source.slice(start, end).replace(/[^\n]/g, ' ');
	for (const span of parts.blanks) blank(span.start, span.end, spaces(span));
	if (parts.heritage !== null && parts.isRenamed) {
		const { start, end } = parts.heritage;
		blank(start, end, parts.heritageName + spaces(parts.heritage).slice(parts.heritageName.length));
	}
	if (found.computedKey !== undefined) {
		const open = script.source.lastIndexOf('[', found.computedKey.start - 1);
		const close = script.source.indexOf(']', found.computedKey.end);
		const key = script.source.slice(open, close + 1);
		// The key was evaluated where it stands; its line breaks stay so that lines below keep their numbers.
		blank(open, close + 1, `k${key.slice(1).replace(/[^\n]/g, ' ')}`);
	}
	if (found.isStatic) blank(found.start, found.start + 'static'.length, '');
	return text;
}

function refuseLexical(script: Script, found: FunctionNode, use: LexicalUse): void {
	const { what, owner, name } = use;
	const inside = owner >= found.node.start && owner < found.node.end;
	const at = placeIn(script, use.at);
	if (what === 'import.meta') {
		if (metaProperties.has(name)) return;
		throw new CannotCross(
			`uses \`import.meta${name && `.${name}`}\` (${at}), of which only url, dirname and filename can cross`,
			'read it outside and capture the result, or export the function from a module of its own',
		);
	}
	if (what === 'super' && owner === found.node.start) {
		throw new CannotCross(
			`uses \`super\` (${at}), which needs the object the method was defined on`,
			'send the class or the object, or call a plain function',
		);
	}
	if (inside || (owner === -1 && what === 'this' && script.isModule)) return;
	if (what === 'private') {
		throw new CannotCross(
			`uses the private member \`${name}\` (${at}) of a class that stays here`,
			'read it outside and pass the value, or send the whole class',
		);
	}
	throw new CannotCross(
		`uses \`${what}\` of the function around it (${at})`,
		what === 'this' ? 'put what it needs of `this` into a variable' : 'put it into a variable and use that',
	);
}

function ownStrict({ node }: FunctionNode): boolean {
	if (node.body.type !== 'BlockStatement') return false;
	const first = node.body.body[0];
	return first?.type === 'ExpressionStatement' && first.directive === 'use strict';
}
