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
 * The program of a child: reads its boot from fd 3, in the two parts of `packBoot`, and runs the text in it. One argument
 * of a process is limited to 128 KiB, so the text itself cannot be one.
 */
export const bootstrap = `const{readSync:r}=require('fs'),g=n=>{const b=Buffer.alloc(n);for(let a=0;a<n;)try{const k=r(3,b,a,n-a,null);if(!k)process.exit(0);a+=k}catch(e){if(e.code!=='EAGAIN')throw e;Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0,1)}return b};const f=()=>g(g(8).readUInt32LE(4)),p=JSON.parse;const boot={...p(require('zlib').inflateRawSync(f())),...p(f())};require('vm').compileFunction(boot.texts.far,['require','boot','module','exports'],{filename:'conc:far'})(require,boot,{exports:{}},{})`;
