// Packs every package as it would be published, installs the tarballs with npm in an empty project outside the
// repository, and runs a user's programs there. The packages must have been built.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const temporary = mkdtempSync(path.join(tmpdir(), 'conc-packed-'));

function run(cwd, command, ...args) {
	console.log(`$ ${command} ${args.map((arg) => path.basename(arg)).join(' ')}`);
	execFileSync(command, args, { cwd, stdio: 'inherit', timeout: 120_000 });
}

try {
	const tarballs = path.join(temporary, 'tarballs');
	mkdirSync(tarballs);
	for (const name of readdirSync(path.join(root, 'packages'))) {
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
} finally {
	rmSync(temporary, { recursive: true });
}
