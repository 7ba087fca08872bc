import { getEventListeners, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { byReference } from '@conc/core';
import { describe, expect, it } from 'vitest';
import { hostFor, media, startHost } from './support/hosts.js';

const sum = (bytes: Uint8Array) => bytes.reduce((a, b) => a + b, 0);

describe('a transfer list', () => {
	const thread = hostFor('thread');
	const process = hostFor('process');

	it('moves an ArrayBuffer to a thread', async () => {
		const bytes = new Uint8Array([1, 2, 3]);
		const call = thread.call(sum, [bytes], [bytes.buffer]);
		expect(await call).toBe(6);
		expect(bytes.byteLength).toBe(0);
	});

	it('moves a MessagePort to a thread, where it works', async () => {
		const { port1, port2 } = new MessageChannel();
		const call = thread.call((port: MessagePort) => port.postMessage('hello'), [port2], [port2]);
		expect(await once(port1, 'message')).toEqual(['hello']);
		await call;
		port1.close();
	});

	it('moves what a function captures as well', async () => {
		const { port1, port2 } = new MessageChannel();
		const call = thread.call(() => port2.postMessage(1), [], [port2]);
		expect(await once(port1, 'message')).toEqual([1]);
		await call;
		port1.close();
	});

	it('copies to a process', async () => {
		const bytes = new Uint8Array([1, 2, 3]);
		expect(await process.call(sum, [bytes], [bytes.buffer])).toBe(6);
		expect(bytes.byteLength).toBe(3);
	});

	it('with an entry twice is an error, and moves nothing', () => {
		const { buffer } = new Uint8Array(1);
		expect(() => thread.call(sum, [buffer], [buffer, buffer])).toThrow('the same object is listed twice');
		expect(buffer.byteLength).toBe(1);
	});

	it('with a port that was moved before is an error', async () => {
		const { port2 } = new MessageChannel();
		await thread.call((port: MessagePort) => port.close(), [port2], [port2]);
		expect(() => thread.call(sum, [], [port2])).toThrow('is empty or was moved before');
	});

	it('with something foreign is an error', () => {
		expect(() => thread.call(sum, [], [{} as ArrayBuffer])).toThrow(
			'only ArrayBuffer and MessagePort can be moved',
		);
	});

	it('with a buffer that was moved before is an error', async () => {
		const bytes = new Uint8Array([1]);
		const first = thread.call(sum, [bytes], [bytes.buffer]);
		expect(() => thread.call(sum, [bytes], [bytes.buffer])).toThrow('is empty or was moved before');
		expect(await first).toBe(1);
		expect(() => thread.call(sum, [], [bytes.buffer])).toThrow('is empty or was moved before');
	});

	it('with a port that was sent elsewhere before is an error at the call', () => {
		const { port1, port2 } = new MessageChannel();
		const elsewhere = new MessageChannel();
		elsewhere.port1.postMessage(port2, [port2]);
		expect(() => thread.call(sum, [], [port2])).toThrow('was moved before');
		port1.close();
		elsewhere.port1.close();
	});

	it('moves nothing where the call is refused', () => {
		const bytes = new Uint8Array([1]);
		expect(() => thread.call(sum, [bytes, Promise.resolve()], [bytes.buffer])).toThrow('args[1]');
		expect(bytes.byteLength).toBe(1);
	});
});

/** So that the call has most likely begun; what is expected holds if it has not, too. */
const TO_ARRIVE_MS = 50;

describe.each(media)('an AbortSignal sent to a %s', (medium) => {
	const host = hostFor(medium);
	const untilAborted = (signal: AbortSignal) =>
		new Promise((resolve) => {
			if (signal.aborted) resolve(['already', signal.reason]);
			signal.addEventListener('abort', () => resolve(['later', signal.reason]));
		});

	it('is aborted there when it is here, with the reason', async () => {
		const controller = new AbortController();
		const call = host.call(untilAborted, [controller.signal]);
		await sleep(TO_ARRIVE_MS);
		controller.abort({ why: 'enough' });
		expect(await call).toEqual([expect.anything(), { why: 'enough' }]);
	});

	it('is aborted there when it was before', async () => {
		expect(await host.call(untilAborted, [AbortSignal.abort('early')])).toEqual(['already', 'early']);
	});

	it('can be captured, and passed on as it is', async () => {
		const controller = new AbortController();
		const { signal } = controller;
		const call = host.call(async () => {
			const [how, reason] = (await untilAborted(signal)) as [string, Error];
			return [how, reason.name, signal instanceof AbortSignal];
		}, []);
		await sleep(TO_ARRIVE_MS);
		controller.abort();
		expect(await call).toEqual([expect.anything(), 'AbortError', true]);
	});

	it('is aborted there when that happens while the call waits for a module', async () => {
		const module = new URL('./fixtures/slow.mjs?30', import.meta.url).href;
		const isAborted = byReference((_: AbortSignal): unknown => undefined, { module, export: 'isAborted' });
		const controller = new AbortController();
		const ask = (signal: AbortSignal, isIt: typeof isAborted) => isIt(signal);
		const call = host.call(ask, [controller.signal, isAborted]);
		controller.abort('meanwhile');
		expect(await call).toEqual([true, 'meanwhile']);
	});

	it('is aborted there also when the reason cannot be had there', async () => {
		const controller = new AbortController();
		const call = host.call(untilAborted, [controller.signal]);
		await sleep(TO_ARRIVE_MS);
		const module = new URL('./fixtures/only-here.mjs', import.meta.url).href;
		controller.abort(byReference(() => 0, { module, export: 'nothing' }));
		expect(await call).toEqual([expect.anything(), expect.objectContaining({ message: 'not in a worker' })]);
	});

	it('leaves no listener behind when the host ends before', async () => {
		const { signal } = new AbortController();
		const ended = startHost(medium);
		const call = ended.call(untilAborted, [signal]);
		expect(getEventListeners(signal, 'abort')).toHaveLength(1);
		await Promise.all([expect(call).rejects.toThrow('was terminated'), ended.terminate()]);
		expect(getEventListeners(signal, 'abort')).toHaveLength(0);
	});

	it('leaves no listener behind once the call is done', async () => {
		const { signal } = new AbortController();
		let listeners = 0;
		const { addEventListener, removeEventListener } = signal;
		signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
			listeners++;
			addEventListener.apply(signal, args);
		};
		signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
			listeners--;
			removeEventListener.apply(signal, args);
		};
		await host.call((it: AbortSignal) => it.aborted, [signal]);
		expect(listeners).toBe(0);
	});
});
