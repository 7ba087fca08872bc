import { entryUrl } from '../capture/script.js';
import type { Here } from '../here.js';
import { packageTexts } from '../packages.js';
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
	return { here, texts: texts(), packages: packageTexts(), entryUrl: entryUrl() };
}

/** The key under which a thread finds its boot in `workerData`. */
export const bootKey = '@conc/core:boot';
