import { type Host, type Medium, startProcess, startThread } from '@conc/core';
import { afterAll } from 'vitest';

const started = new Set<Host>();

/** A host that runs many calls and is ended with the suite it was started in. */
export function startHost(medium: Medium): Host {
	const name = `a ${medium}`;
	const { host } =
		medium === 'thread' ? startThread({ name, runs: 'many' }, []) : startProcess({ name, runs: 'many' }, [1]);
	started.add(host);
	return host;
}

/** One host for a whole suite, started when it is first used. */
export function hostFor(medium: Medium): Pick<Host, 'call'> {
	let host: Host | undefined;
	afterAll(async () => {
		await host?.terminate();
	});
	return {
		call(...call) {
			host ??= startHost(medium);
			return host.call(...call);
		},
	};
}

afterAll(async () => {
	await Promise.all([...started].map((host) => host.terminate()));
	started.clear();
});

export const media: readonly Medium[] = ['thread', 'process'];
