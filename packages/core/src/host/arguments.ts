import { bootKey } from './boot.js';

/** Options of Node that say what to run or how to be debugged: a child has its own. */
const dropped =
	/^(-e|--eval|-p|--print|-pe|-c|--check|-i|--interactive|--test.*|--watch.*|--inspect.*|--input-type.*|--experimental-default-type.*)$/;
/** Those whose value is the next argument. */
const takesValue = new Set(['-e', '--eval', '-p', '--print', '-pe']);

/** The arguments of Node that a child process inherits. */
export function inheritedArguments(execArgv: readonly string[]): string[] {
	const kept: string[] = [];
	for (let at = 0; at < execArgv.length; at++) {
		const argument = execArgv[at] as string;
		const [name = ''] = argument.split('=');
		if (!dropped.test(name)) kept.push(argument);
		else if (takesValue.has(argument)) at++;
	}
	return kept;
}

/**
 * The program of a thread. The text of the far side would be one as well, but Node puts what it evaluates into a string of
 * another program, and so compiles it twice; here it need not even be compiled once, if another thread has done so.
 */
export const threadProgram = `{const boot=require('worker_threads').workerData['${bootKey}'];boot.script=new(require('vm').Script)('(function(require,boot){'+boot.texts.far+'\\n})',{filename:'conc:far',cachedData:boot.code??undefined});boot.script.runInThisContext()(require,boot)}`;

/**
 * The program of a process: reads its boot from fd 3, in the two parts of `packBoot`, and runs the text in it. One argument
 * of a process is limited to 128 KiB, so the text itself cannot be one.
 */
export const processProgram = `{const{readSync:r}=require('fs'),g=n=>{const b=Buffer.alloc(n);for(let a=0;a<n;)try{const k=r(3,b,a,n-a,null);if(!k)process.exit(0);a+=k}catch(e){if(e.code!=='EAGAIN')throw e;Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0,1)}return b};const f=()=>g(g(8).readUInt32LE(4)),p=JSON.parse;const boot={...p(require('zlib').inflateRawSync(f())),...p(f())};require('vm').compileFunction(boot.texts.far,['require','boot'],{filename:'conc:far'})(require,boot)}`;
