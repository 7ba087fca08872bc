/// <reference path="./entry/texts.d.ts" />
import farText from 'text:far';
import parserText from 'text:parser';
import { realm } from './realm.js';

/** The code that goes to every worker: its own entry, and the parser, which it evaluates only if it must capture. */
export const texts = () => realm('texts', () => ({ far: farText, parser: parserText }));

/** What the engine made of `texts().far` in the first worker, so that the others need not compile it again. */
export const code = () => realm<{ far: Uint8Array | null }>('code', () => ({ far: null }));
