import { isBuiltin } from 'node:module';
import type { Import, Manifest, Member } from './workspace.js';

/** The one arrow of dependency: what each package may use. Apps may use any. */
const arrow: Record<string, readonly string[]> = {
	'@conc/pool': ['@conc/process', '@conc/thread', '@conc/lock', '@conc/core'],
	'@conc/process': ['@conc/lock', '@conc/core'],
	'@conc/thread': ['@conc/lock', '@conc/core'],
	'@conc/lock': ['@conc/core'],
	'@conc/local': ['@conc/core'],
	'@conc/core': [],
};

/** Everything in the workspace that goes against the arrow, one sentence each. */
export function violations(members: readonly Member[]): string[] {
	return members.flatMap((member) => [
		...placeOf(member),
		...dependenciesOf(member),
		...member.imports.flatMap((one) => importOf(member, one, members)),
	]);
}

function placeOf({ directory, manifest }: Member): string[] {
	if (isApp(directory) || arrow[manifest.name] !== undefined) return [];
	return [`${manifest.name} has no place in the arrow of dependency`];
}

function dependenciesOf({ directory, manifest }: Member): string[] {
	const found: string[] = [];
	for (const kind of kinds) {
		for (const [name, range] of Object.entries(manifest[kind] ?? {})) {
			const says = `${directory}/package.json: ${name} in ${kind}`;
			if (!isOurs(name)) {
				if (!isApp(directory) && !mayBeForeign(manifest, kind, name)) found.push(`${says} is not ours`);
				continue;
			}
			if (!mayUse(directory, manifest, name)) found.push(`${says} goes against the arrow`);
			if (kind === 'peerDependencies') found.push(`${says} must be in dependencies`);
			if (!range.startsWith('workspace:')) found.push(`${says} is not the workspace's (${range})`);
		}
	}
	return found;
}

const kinds = ['dependencies', 'optionalDependencies', 'peerDependencies', 'devDependencies'] as const;

/** What users install is ours alone; only what they may bring along themselves, and our tools, are not. */
function mayBeForeign(manifest: Manifest, kind: (typeof kinds)[number], name: string): boolean {
	if (kind === 'devDependencies') return true;
	return kind === 'peerDependencies' && manifest.peerDependenciesMeta?.[name]?.optional === true;
}

function importOf({ directory, manifest }: Member, one: Import, members: readonly Member[]): string[] {
	const { file, specifier } = one;
	const says = `${file} imports '${specifier}'`;
	if (one.leaves) return [`${says}, which is outside its src`];
	// `text:` is what the build embeds as a string.
	if (specifier.startsWith('.') || specifier.startsWith('text:')) return [];
	if (isBuiltin(specifier)) return specifier.startsWith('node:') ? [] : [`${says} without node:`];
	const name = packageOf(specifier);
	if (name === manifest.name) return [`${says}, which is itself`];
	const declared = kinds.some((kind) => manifest[kind]?.[name] !== undefined);
	if (!isOurs(name)) return declared ? [] : [`${says}, which is not declared`];
	const found: string[] = [];
	if (!mayUse(directory, manifest, name)) found.push(`${says} against the arrow`);
	if (manifest.dependencies?.[name] === undefined) found.push(`${says}, which is not in its dependencies`);
	const entry = `.${specifier.slice(name.length)}`;
	const entries = members.find((other) => other.manifest.name === name)?.manifest.exports ?? {};
	if (!(entry in entries)) found.push(`${says}, which is an internal of ${name}`);
	return found;
}

const isApp = (directory: string) => directory.startsWith('apps/');

const isOurs = (name: string) => name.startsWith('@conc/');

function mayUse(directory: string, manifest: Manifest, name: string): boolean {
	return isApp(directory) ? arrow[name] !== undefined : (arrow[manifest.name]?.includes(name) ?? false);
}

/** `@conc/pool/bullmq` → `@conc/pool`. */
function packageOf(specifier: string): string {
	return specifier
		.split('/')
		.slice(0, specifier.startsWith('@') ? 2 : 1)
		.join('/');
}
