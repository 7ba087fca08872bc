import { execa } from 'execa';

/** Other programs, as `subprocess` runs them in Python: execa does that well, so @conc has nothing of its own for it. */
export async function subprocessExample(): Promise<void> {
	const node = process.execPath; // a program that is on every machine which runs this

	console.log('$ node --version');
	const called = await execa(node, ['--version'], { stdout: 'inherit' });
	console.log(`Exit code: ${called.exitCode}`);

	console.log('\n$ node --interactive');
	const told = await execa(node, ['--interactive'], { input: '6 * 7\nprocess.exit(3)\n', reject: false });
	console.log(told.stdout);
	console.log(`Exit code: ${told.exitCode}`);
}
