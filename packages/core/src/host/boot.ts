import { entryUrl } from '../capture/script.js';
import type { Here } from '../here.js';
import { zlib } from '../lazy.js';
import { packageCount, packageTexts } from '../packages.js';
import { realm } from '../realm.js';
import { texts } from '../texts.js';

/** What a new thread or process is told before anything else. */
export interface Boot {
	readonly here: Here;
	/** The code of the far side itself, for workers of that worker. */
	readonly texts: { readonly far: string; readonly parser: string };
	readonly packages: Record<string, string>;
	readonly entryUrl: string;
}

export function makeBoot(here: Here): Boot {
	return { here, ...allTexts(), entryUrl: entryUrl() };
}

/**
 * The same in two parts, for a process: the texts, which every child gets, deflated so that they fit into an empty pipe
 * and the parent need not stay to push them; and the rest.
 */
export function packBoot(here: Here, more: Record<string, unknown>): [texts: Buffer, rest: Buffer] {
	const packed = realm('packed texts', () => ({ packages: -1, bytes: Buffer.alloc(0) }));
	if (packed.packages !== packageCount()) {
		packed.bytes = zlib().deflateRawSync(JSON.stringify(allTexts()), { level: DEFLATE_LEVEL });
		packed.packages = packageCount();
	}
	return [packed.bytes, Buffer.from(JSON.stringify({ here, entryUrl: entryUrl(), ...more }))];
}

/** Two thirds of the time of the usual level, for a hundredth more bytes. */
const DEFLATE_LEVEL = 5;

function allTexts(): Pick<Boot, 'texts' | 'packages'> {
	return { texts: texts(), packages: packageTexts() };
}

/** The key under which a thread finds its boot in `workerData`. */
export const bootKey = '@conc/core:boot';
