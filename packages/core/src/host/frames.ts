import { realm } from '../realm.js';

/** The lines of a stack that say something to a user: without those of our own packages, and of Node itself. */
export function userFrames(stack: string): string[] {
	return stack
		.split('\n')
		.slice(1)
		.filter((line) => !isOwnFrame(line));
}

const frameFile = /(?:\(|at (?:async )?)([^()]*):\d+:\d+\)?$/;
const packageFile = /(?:^|\/node_modules\/)@conc\/\w+\/|^conc:far$|^node:internal\//;
const siblingFile = /^\w+\/dist\/index\.js$/;

function isOwnFrame(line: string): boolean {
	const file = fileOf(line);
	if (packageFile.test(file)) return true;
	const root = packagesRoot();
	return root !== '' && file.startsWith(root) && siblingFile.test(file.slice(root.length));
}

/** Where the packages are side by side, as in their repository; empty in an app bundled into one file. */
function packagesRoot(): string {
	return realm('packages root', () => {
		const [, here = ''] = new Error('here').stack?.split('\n') ?? [];
		const own = fileOf(here);
		return own.endsWith('/core/dist/index.js') ? own.slice(0, -'core/dist/index.js'.length) : '';
	});
}

function fileOf(frame: string): string {
	return frameFile.exec(frame)?.[1] ?? '';
}
