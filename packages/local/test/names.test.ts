import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { packBaggage, revive, startThread } from '@conc/core';
import { Local } from '@conc/local';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { handleFor, inProcess } from './helpers.js';

interface Request {
	id: number;
}

const inherit = true;

let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(path.join(tmpdir(), 'conc-local-'));
	await mkdir(path.join(folder, 'node_modules/@conc'), { recursive: true });
	const own = fileURLToPath(new URL('..', import.meta.url));
	await symlink(own, path.join(folder, 'node_modules/@conc/local'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A module that exports a Local of this name, which stands in this line, or what makes one. */
async function write(file: string, name: string, line = 2, kind = 'local'): Promise<string> {
	const at = path.join(folder, file);
	await mkdir(path.dirname(at), { recursive: true });
	const imports = file.endsWith('.cjs')
		? "const { Local } = require('@conc/local');"
		: "import { Local } from '@conc/local';";
	const made = `${kind === 'maker' ? '() => ' : ''}new Local({ name: '${name}', inherit: true })`;
	const exported = file.endsWith('.cjs') ? `module.exports = ${made};` : `export default ${made};`;
	await writeFile(at, `${imports}${'\n'.repeat(line - 1)}${exported}\n`);
	return at;
}

async function load(file: string, query = ''): Promise<Local<Request>> {
	const { default: local } = (await import(/* @vite-ignore */ `${pathToFileURL(file)}${query}`)) as {
		default: Local<Request>;
	};
	return local;
}

describe('two Locals that inherit and have one name', () => {
	const message = (name: string, one: string, other: string) =>
		new RegExp(
			`there are two Locals that inherit and are named "${name}": one made at .*${one}, one at .*${other}\n  → `,
		);

	test('are refused, with both places', () => {
		new Local<Request>({ name: 'test.two', inherit });
		const again = () => new Local<Request>({ name: 'test.two', inherit });
		expect(again).toThrow(TypeError);
		expect(again).toThrow(message('test.two', 'names\\.test\\.ts:\\d+:\\d+', 'names\\.test\\.ts:\\d+:\\d+'));
	});

	test('are refused where two modules make them', async () => {
		await load(await write('one.mjs', 'test.modules'));
		const other = await write('other.mjs', 'test.modules');
		await expect(load(other)).rejects.toThrow(message('test.modules', 'one\\.mjs:2:16', 'other\\.mjs:2:16'));
	});

	test('are refused where subclasses make them', () => {
		class Plain extends (Local as unknown as new (options: object) => Local<Request>) {}
		class Named extends (Local as unknown as new (options: object) => Local<Request>) {
			constructor(name: string) {
				super({ name, inherit });
			}
		}
		new Plain({ name: 'test.plain', inherit });
		expect(() => new Plain({ name: 'test.plain', inherit })).toThrow('there are two Locals');
		new Named('test.named');
		expect(() => new Named('test.named')).toThrow('there are two Locals');
	});

	test('are refused where two packages make them', async () => {
		await load(await write('node_modules/kit/index.mjs', 'test.packages'));
		const other = await write('node_modules/@other/kit/index.mjs', 'test.packages');
		await expect(load(other)).rejects.toThrow(message('test.packages', 'kit/.*', '@other/kit/.*'));
	});

	test.each(['twice.mjs', 'twice.cjs'])('are refused where the same code makes both: %s', async (file) => {
		const maker = await write(file, 'test.maker', 2, 'maker');
		const [refusal, advice] = await inProcess('make-twice', maker);
		expect(refusal).toMatch(
			/^TypeError: the Local that inherits and is named "test\.maker" was made already, by the same code at .*twice\..js:2:\d+$/,
		);
		expect(advice).toMatch(/^ {2}→ make it once, at the top level of a module/);
	});

	test('are refused where a function makes both that a thread runs twice', async () => {
		const { host } = startThread({ name: 'a thread', runs: 'many' }, []);
		try {
			const again = () => void new Local<Request>({ name: 'test.far', inherit: true });
			await host.call(again, []);
			await expect(host.call(again, [])).rejects.toThrow('was made already, by the same code at');
		} finally {
			await host.terminate();
		}
	});

	test('are refused where one of them stands for an AsyncLocalStorage', async () => {
		const { AsyncLocalStorage } = await import('node:async_hooks');
		Local.from(new AsyncLocalStorage(), { name: 'test.storage' });
		expect(() => new Local({ name: 'test.storage', inherit })).toThrow('there are two Locals');
		expect(() => Local.from(new AsyncLocalStorage(), { name: 'test.storage' })).toThrow(
			'there are two Locals',
		);
	});
});

describe('a module that is loaded twice makes one Local', () => {
	test('by a query', async () => {
		const file = await write('query.mjs', 'test.query');
		const [one, other] = [await load(file), await load(file, '?again#there')];
		expect(other).not.toBe(one);
		one.id = 1;
		expect(other.id).toBe(1);
		expect(packBaggage().filter(([, packed]) => (packed as Request).id === 1)).toHaveLength(1);
		expect(Local[revive](handleFor(other) as never)).toBe(one);
	});

	test('by a query after an edit', async () => {
		const one = await load(await write('edited.mjs', 'test.edited'));
		const other = await load(await write('edited.mjs', 'test.edited', 7), '?edited');
		one.id = 1;
		expect(other.id).toBe(1);
	});

	test('by require and by import', async () => {
		const file = await write('common.cjs', 'test.common');
		const one = createRequire(import.meta.url)(file) as Local<Request>;
		const require = createRequire(import.meta.url);
		delete require.cache[file];
		const other = await load(file);
		expect(other).not.toBe(one);
		one.id = 1;
		expect(other.id).toBe(1);
	});

	test('by require after an edit', async () => {
		const require = createRequire(import.meta.url);
		const one = require(await write('again.cjs', 'test.again')) as Local<Request>;
		const file = await write('again.cjs', 'test.again', 7);
		delete require.cache[file];
		const other = require(file) as Local<Request>;
		expect(other).not.toBe(one);
		one.id = 1;
		expect(other.id).toBe(1);
	});

	test.each([
		['of one version', 2],
		['of two versions', 9],
	])('with a package that is installed twice, %s', async (how, line) => {
		const name = `test.installed ${how}`;
		const one = await load(await write(`one ${line}/node_modules/kit/index.mjs`, name));
		const other = await load(await write(`other ${line}/node_modules/kit/index.mjs`, name, line));
		one.id = 1;
		expect(other.id).toBe(1);
	});

	test('with two copies of this package', async () => {
		const url = `${import.meta.resolve('@conc/local')}?names`;
		const { Local: Other } = (await import(/* @vite-ignore */ url)) as { Local: typeof Local };
		const make = (Class: typeof Local) => new Class<Request>({ name: 'test.copies', inherit });
		const [one, other] = [Local, Other].map(make) as [Local<Request>, Local<Request>];
		one.id = 1;
		expect(other.id).toBe(1);
		expect(() => new Other({ name: 'test.copies', inherit })).toThrow('there are two Locals');
	});

	test('which then must inherit the same', () => {
		const make = (inherit: true | 'id'[]) => new Local<Request>({ name: 'test.same', inherit });
		make(['id']);
		expect(() => make(true)).toThrow(
			'Local "test.same" is to inherit everything, but there is one of that name here that inherits id',
		);
	});
});

test('Locals of one name that do not inherit are several', () => {
	const one = new Local<Request>({ name: 'test.several' });
	const other = new Local<Request>({ name: 'test.several' });
	one.id = 1;
	expect(other.id).toBeUndefined();
});
