import {
	AuthenticationError,
	CHALLENGE_BYTES,
	isProof,
	makeChallenge,
	PROOF_BYTES,
	prover,
} from '@conc/core';
import { HANDSHAKE } from './frames.js';
import type { Wire } from './wire.js';

/** Which end it is. */
export type Role = 'listener' | 'client';

/** For so long an end has time for all its steps. */
const HANDSHAKE_MS = 5_000;
/** No step is longer, so nobody has to take more from one who has proved nothing. */
export const HANDSHAKE_BYTES = 256;
const prove = prover<Role>('@conc/process connection 1');
/** What a listener says to a client with another key, so that this need not guess. */
const REFUSAL = Buffer.from('another authkey');

/**
 * Makes sure that both ends have the same key, by HMAC-SHA256 of two random challenges: the client proves it first,
 * then the listener. Nothing else is read before. Rejects with an AuthenticationError, and the wire is closed.
 */
export async function shakeHands(wire: Wire, role: Role, authkey: Uint8Array): Promise<void> {
	const late = setTimeout(() => {
		wire.end(
			new AuthenticationError(`${wire.peer} did not complete the handshake within ${HANDSHAKE_MS} ms`),
		);
	}, HANDSHAKE_MS).unref();
	try {
		const own = makeChallenge();
		if (role === 'listener') {
			await send(wire, own);
			const [other, proof] = split(await receive(wire));
			await check(wire, proof, prove(authkey, 'client', own, other));
			await send(wire, prove(authkey, 'listener', own, other));
		} else {
			const other = await receive(wire);
			await send(wire, Buffer.concat([own, prove(authkey, 'client', other, own)]));
			const proof = await receive(wire);
			if (!isProof(proof, prove(authkey, 'listener', other, own))) throw refusal(wire);
		}
	} catch (cause) {
		const error = asRefusal(wire, cause);
		wire.end(error);
		throw error;
	} finally {
		clearTimeout(late);
	}
}

async function check(wire: Wire, proof: Uint8Array, expected: Uint8Array): Promise<void> {
	if (isProof(proof, expected)) return;
	await send(wire, REFUSAL);
	throw refusal(wire);
}

function split(bytes: Uint8Array): [challenge: Uint8Array, proof: Uint8Array] {
	return [bytes.subarray(0, CHALLENGE_BYTES), bytes.subarray(CHALLENGE_BYTES, CHALLENGE_BYTES + PROOF_BYTES)];
}

function send(wire: Wire, bytes: Uint8Array): Promise<void> {
	return wire.outbox.send(HANDSHAKE, bytes);
}

function receive(wire: Wire): Promise<Uint8Array> {
	return wire.inbox.take(HANDSHAKE, (body) => body.slice());
}

function refusal({ peer }: Wire): AuthenticationError {
	return new AuthenticationError(`${peer} does not have the same authkey`);
}

function asRefusal({ peer }: Wire, cause: unknown): AuthenticationError {
	if (cause instanceof AuthenticationError) return cause;
	return new AuthenticationError(`${peer} did not prove that it has the same authkey`, { cause });
}
