import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { ModuleRequest } from '../codec/payload.js';
import { realm } from '../realm.js';

/**
 * The module that makes a thread load TypeScript as this one does, where tsx does that here. A process gets tsx with
 * its arguments; a thread gets the arguments as well, but tsx sets up only main threads by them.
 */
export function transformer(): ModuleRequest | undefined {
	return realm('transformer', findTsx);
}

function findTsx(): ModuleRequest | undefined {
	const dist = tsxDirectory();
	if (dist === undefined) return undefined;
	const api = (kind: string) => JSON.stringify(new URL(`${kind}/api/index.mjs`, dist).href);
	const text = `import { register as esm } from ${api('esm')};import { register as cjs } from ${api('cjs')};esm();cjs();`;
	return { specifier: `data:text/javascript,${encodeURIComponent(text)}`, parent: dist.href };
}

const imported = /^(?:--import|--loader)(?:=(.*))?$/;

function tsxDirectory(): URL | undefined {
	const args = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)];
	for (const [at, argument] of args.entries()) {
		const found = imported.exec(argument);
		const name = found?.[1] ?? (found === null ? undefined : args[at + 1]);
		if (name === undefined) continue;
		if (/\/tsx\/dist\/(esm\/index|loader)\.mjs$/.test(name))
			return new URL(name.replace(/(esm\/index|loader)\.mjs$/, ''));
		if (name === 'tsx' || name === 'tsx/esm') return installedTsx();
	}
	return undefined;
}

function installedTsx(): URL | undefined {
	try {
		const manifest = createRequire(`${process.cwd()}/`).resolve('tsx/package.json');
		return new URL('dist/', pathToFileURL(manifest));
	} catch {
		return undefined;
	}
}
