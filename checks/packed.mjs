// Packs every package as it would be published, installs the tarballs with npm in an empty project outside the
// repository, and runs there a user's programs and what each README opens with. The packages must have been built.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const temporary = mkdtempSync(path.join(tmpdir(), 'conc-packed-'));

function run(cwd, command, ...args) {
	console.log(`$ ${command} ${args.map((arg) => path.basename(arg)).join(' ')}`);
	execFileSync(command, args, { cwd, stdio: 'inherit', timeout: 120_000 });
}

/** Runs the first program of a README, and compares what it prints with what the README says it does. */
function runOpening(project, readme) {
	const name = path.relative(root, readme);
	const [, program, printed] = /```js\n(.*?)```\n+```\n(.*?)```/s.exec(readFileSync(readme, 'utf8')) ?? [];
	assert.ok(program, `${name} opens with no program followed by what it prints`);
	const cwd = mkdtempSync(path.join(project, 'readme-'));
	const [, file] = /^\/\/ (\S+)/.exec(program) ?? [];
	assert.ok(file, `the program of ${name} begins with its file's name`);
	writeFileSync(path.join(cwd, file), program);
	console.log(`$ node ${file} # of ${name}`);
	const output = execFileSync('node', [file], { cwd, encoding: 'utf8', timeout: 120_000 });
	assert.deepEqual(comparable(output), comparable(printed), name);
}

/** Lines in any order, without commands and process ids. */
function comparable(output) {
	const lines = output.trim().split('\n');
	return lines
		.filter((line) => !line.startsWith('$ '))
		.map((line) => line.replace(/process \d+/, 'process N'))
		.sort();
}

try {
	const tarballs = path.join(temporary, 'tarballs');
	mkdirSync(tarballs);
	const packages = readdirSync(path.join(root, 'packages'));
	for (const name of packages) {
		run(path.join(root, 'packages', name), 'npx', '-y', 'pnpm@10', 'pack', '--pack-destination', tarballs);
	}

	const project = path.join(temporary, 'project');
	cpSync(path.join(root, 'checks/packed'), project, { recursive: true });
	writeFileSync(path.join(project, 'package.json'), JSON.stringify({ name: 'user', private: true }));
	const files = readdirSync(tarballs).map((file) => path.join(tarballs, file));
	// Offline, since nothing but the tarballs may be needed.
	run(project, 'npm', 'install', '--offline', '--no-audit', '--no-fund', ...files);
	run(project, 'node', 'user.mjs');
	run(project, 'node', 'user.cjs');
	for (const directory of ['.', ...packages.map((name) => `packages/${name}`)])
		runOpening(project, path.join(root, directory, 'README.md'));
} finally {
	rmSync(temporary, { recursive: true });
}
