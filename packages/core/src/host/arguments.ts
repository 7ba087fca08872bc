/** Options of Node that say what to run or how to be debugged: a child has its own. */
const dropped =
	/^(-e|--eval|-p|--print|-pe|-c|--check|-i|--interactive|--test.*|--watch.*|--inspect.*|--input-type.*|--experimental-default-type.*)$/;
/** The arguments of Node that a child process inherits. */
export function inheritedArguments(execArgv: readonly string[]): string[] {
	return withoutOptions(execArgv, (option) => dropped.test(option.split('=', 1)[0] as string));
}

/** The arguments without some of the options; what follows one and begins with no dash is its value, and goes with it. */
export function withoutOptions(execArgv: readonly string[], isMeant: (option: string) => boolean): string[] {
	let isDropped = false;
	return execArgv.filter((argument) => {
		if (argument.startsWith('-')) isDropped = isMeant(argument);
		return !isDropped;
	});
}

/** The key under which a thread finds its boot in `workerData`. */
export const bootKey = '@conc/core:boot';

/** The name of the far text in stacks. */
export const FAR_FILENAME = 'conc:far';

const [beforeFar, afterFar] = ['(function(require,boot){', '\n})'];

/** The script that is made of the far text: what the engine made of it once fits wherever it is compiled again. */
export function farSource(text: string): string {
	return beforeFar + text + afterFar;
}

/** Runs the far text with a `boot` that is there. */
const runFar = `
boot.script = new (require('vm').Script)(${JSON.stringify(beforeFar)} + boot.texts.far + ${JSON.stringify(afterFar)}, {
	filename: '${FAR_FILENAME}',
	cachedData: boot.code ?? undefined,
});
boot.script.runInThisContext()(require, boot);`;

/** Texts by name, each of which becomes a string when it is first read. */
const textsIn = `(all, bytesOf) => {
	const texts = {};
	for (const name of Object.keys(all)) {
		const bytes = bytesOf(all[name]);
		let text;
		Object.defineProperty(texts, name, { enumerable: true, get: () => (text ??= bytes.toString()) });
	}
	return texts;
}`;

/** As lists of processes show it. */
function inOneLine(program: string): string {
	return program.replaceAll(/\s*\n\s*/g, ' ');
}

/**
 * The program of a thread. The text of the far side would be one as well, but Node puts what it evaluates into a string of
 * another program, and so compiles it twice; here it need not even be compiled once, if another thread has done so.
 */
export const threadProgram = `{
const boot = require('worker_threads').workerData['${bootKey}'];
const textsIn = ${textsIn};
boot.texts = textsIn(boot.texts, Buffer.from);
boot.packages = textsIn(boot.packages, Buffer.from);${runFar}
}`;

/** Where a child finds its channel, its parent's stderr (if what it says itself is read by that), and the file of texts. */
export const CHANNEL = 3;
export const OWN_STDERR = 4;
const TEXTS = 5;

/**
 * The program of a process: reads its boot from the channel, as `packBoot` made it, and runs the text in it. One argument
 * of a process is limited to 128 KiB, so the text itself cannot be one.
 */
export const processProgram = inOneLine(`{
const { closeSync, readSync } = require('fs');
const { deserialize } = require('v8');
const read = (fd, length, at = null) => {
	const bytes = Buffer.allocUnsafeSlow(length);
	for (let done = 0; done < length; ) {
		try {
			const count = readSync(fd, bytes, done, length - done, at === null ? null : at + done);
			if (count === 0) process.exit(0);
			done += count;
		} catch (error) {
			if (error.code !== 'EAGAIN') throw error;
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
		}
	}
	return bytes;
};
const frame = () => read(${CHANNEL}, read(${CHANNEL}, 8).readUInt32LE(4));
const boot = deserialize(frame());
if (boot.places === null) Object.assign(boot, deserialize(require('zlib').inflateRawSync(frame())));
else {
	const place = ([at, length]) => read(${TEXTS}, length, at);
	const textsIn = ${textsIn};
	boot.texts = textsIn(boot.places.texts, place);
	boot.packages = textsIn(boot.places.packages, place);
	boot.code = boot.places.code && place(boot.places.code);
	closeSync(${TEXTS});
}${runFar}
}`);
