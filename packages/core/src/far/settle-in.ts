import { settleHere } from '../here.js';
import type { Boot } from '../host/boot.js';
import * as core from '../index.js';
import { addPackageTexts, definePackage } from '../packages.js';
import { realm } from '../realm.js';

/** Takes over what the parent told: who this is, and the texts for calls and for workers of its own. */
export function settleIn({ here, texts, packages, entryUrl }: Boot): void {
	settleHere(here);
	realm('texts', () => texts);
	realm('entry url', () => entryUrl);
	definePackage('@conc/core', core, '');
	addPackageTexts(packages);
}
