import { CannotCross } from '../errors.js';
import type { FunctionNode } from './findings.js';

export interface Span {
	readonly start: number;
	readonly end: number;
}

/**
 * A class is evaluated again on the other side, but only its shape: what was evaluated once, where it stands, is
 * taken out of the text and put in place by value.
 */
export interface ClassParts {
	/** The expression after `extends`; its value is what the class inherits from. */
	readonly heritage: Span | null;
	/** The expression is more than a name, so a name takes its place. */
	readonly isRenamed: boolean;
	/** The name it has, or gets, in the text. */
	readonly heritageName: string;
	/** Initialisers of static fields and blocks that only name the class. */
	readonly blanks: readonly Span[];
	/** Static fields that stay in the text, since they are functions. */
	readonly kept: ReadonlySet<string>;
	readonly computedKeys: readonly Span[];
}

const noParts: ClassParts = {
	heritage: null,
	isRenamed: false,
	heritageName: '',
	blanks: [],
	kept: new Set(),
	computedKeys: [],
};

export function classParts({ kind, node }: FunctionNode): ClassParts {
	if (kind !== 'class' || node.body.type !== 'ClassBody' || !('superClass' in node)) return noParts;
	const parent = node.superClass;
	const blanks: Span[] = [];
	const kept = new Set<string>();
	const computedKeys: Span[] = [];
	for (const member of node.body.body) {
		if (member.type === 'StaticBlock') {
			if (!member.body.every(isNaming)) throw staticState('a static block');
			blanks.push(member);
			continue;
		}
		const isHidden = member.key.type === 'PrivateIdentifier';
		if (member.computed) computedKeys.push(member.key);
		if (member.type !== 'PropertyDefinition' || !member.static || !member.value) continue;
		if (isHidden) throw staticState('a static private field');
		if (/Function/.test(member.value.type)) kept.add(member.key.type === 'Identifier' ? member.key.name : '');
		else blanks.push({ start: member.key.end + (member.computed ? 1 : 0), end: member.value.end });
	}
	const heritage = parent && parent.type !== 'Literal' ? { start: parent.start, end: parent.end } : null;
	const heritageName = parent?.type === 'Identifier' ? parent.name : heritage ? nameFor(heritage) : '';
	const isRenamed = heritage !== null && parent?.type !== 'Identifier';
	return { heritage, isRenamed, heritageName, blanks, kept, computedKeys };
}

/** Whether instances of a class have members that only its own text can reach. */
export function hasPrivateMembers({ kind, node }: FunctionNode): boolean {
	if (kind !== 'class' || node.body.type !== 'ClassBody') return false;
	return node.body.body.some((member) => 'key' in member && member.key.type === 'PrivateIdentifier');
}

/** No longer than what it replaces, so that no column moves. */
function nameFor({ start, end }: Span): string {
	return '$extends'.slice(0, Math.max(2, end - start));
}

function staticState(what: string): CannotCross {
	return new CannotCross(
		`has ${what}, whose state would be made anew on the other side`,
		'export the class from a module of its own, so that it goes by reference',
	);
}

/** `static { __name(this, 'Foo') }`, with which transformers keep the name of a class. */
function isNaming(statement: { type: string; expression?: unknown }): boolean {
	const call = statement.expression as { type?: string; arguments?: { type: string }[] } | undefined;
	if (call?.type !== 'CallExpression' || call.arguments?.length !== 2) return false;
	return call.arguments[0]?.type === 'ThisExpression' && call.arguments[1]?.type === 'Literal';
}
