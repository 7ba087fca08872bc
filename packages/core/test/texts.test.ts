import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { startProcess } from '@conc/core';
import { describe, expect, it } from 'vitest';
import { startHost } from './support/hosts.js';
import { fixture, output, runNode } from './support/programs.js';

describe('what every child is given at its start', () => {
	const lists = () => {
		const own = readdirSync('/proc/self/fd').flatMap((fd) => {
			try {
				return [readlinkSync(`/proc/self/fd/${fd}`)];
			} catch {
				return []; // the directory itself
			}
		});
		const started = execFileSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8' }).split('\n');
		const isOfTexts = (file: string) => file.endsWith('/texts (deleted)');
		return { own: own.filter(isOfTexts), started: started.filter(isOfTexts) };
	};

	it.runIf(process.platform === 'linux')(
		'is a file without a name that no code in the child has open, and no program that is started here',
		async () => {
			const there = startHost('process');
			expect(await there.call(lists, [])).toEqual({ own: [], started: [] });
			await Promise.all([startHost('process').call(() => 1, []), there.call(() => 1, [])]);
			const { own, started } = lists();
			expect(started).toEqual([]);
			expect(own).toHaveLength(1);
			expect(existsSync(path.dirname(own[0] as string))).toBe(false);
		},
	);

	it.runIf(process.platform === 'linux')('is closed with the thread that started children', async () => {
		const before = lists().own.length;
		const thread = startHost('thread');
		const start = async () => {
			const { host } = startProcess({ name: 'child', runs: 'one' }, [1]);
			host.end();
			return host.call(() => 'done', []);
		};
		expect(await thread.call(start, [])).toBe('done');
		expect(lists().own).toHaveLength(before + 1);
		await thread.terminate();
		expect(lists().own).toHaveLength(before);
	});

	it.each([
		['by a file', 'none'],
		['by its channel where no file can be made', 'no-file'],
		['by its channel where the disk is full', 'full'],
		['by its channel once the disk is full', 'full-later'],
	])('arrives %s, with what was registered since the first start', async (_, trouble) => {
		expect(await output(runNode([fixture('late-package.mjs'), trouble]))).toEqual(['first', 'from its text']);
	});

	it('does not keep a child waiting for a parent that never yields, however much it is', async () => {
		expect(await output(runNode([fixture('busy-with-much-text.mjs')]))).toBe('the child has run');
	});
});
