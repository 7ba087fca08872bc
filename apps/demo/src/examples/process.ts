import { Process } from '@conc/process';

export async function processExample(): Promise<void> {
	const runProc = (name: string) => console.log(`Run child process ${name} (${process.pid})...`);

	console.log(`Parent process ${process.pid}.`);
	const child = new Process({ target: runProc, args: ['test'] });
	console.log('Child process will start.');
	child.start();
	await child.join();
	console.log('Child process end.');
}
