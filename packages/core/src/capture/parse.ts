import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';
import type { Options, Program } from 'acorn';
import { realm } from '../realm.js';
import { texts } from '../texts.js';

type Parser = typeof import('acorn');

/** The parser is evaluated at the first capture: most threads never need it. */
const parser = () =>
	realm('parser', () => {
		const module = { exports: {} as Parser };
		const run = compileFunction(texts().parser, ['module', 'exports', 'require'], {
			filename: 'conc:parser',
		});
		run(module, module.exports, createRequire(`${process.cwd()}/`));
		return module.exports;
	});

/** Parses what the engine accepted; null where the parser is behind the engine. */
export function parse(source: string, isModule: boolean): Program | null {
	const options: Options = {
		ecmaVersion: 'latest',
		sourceType: isModule ? 'module' : 'script',
		allowReturnOutsideFunction: true,
		allowAwaitOutsideFunction: true,
		allowSuperOutsideMethod: true,
		allowHashBang: true,
		checkPrivateFields: false,
	};
	try {
		return parser().parse(source, options);
	} catch {
		return null;
	}
}
