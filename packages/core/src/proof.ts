import { crypto } from './lazy.js';

// How two ends of a connection show each other that they have the same authkey: each signs two random challenges, its
// own and the other's, by HMAC-SHA256.

export const CHALLENGE_BYTES = 32;
export const PROOF_BYTES = 32;

export function makeChallenge(): Buffer {
	return crypto().randomBytes(CHALLENGE_BYTES);
}

/**
 * Makes the proofs of one kind of handshake. Its role says which end signs: what one end proves is no proof of the other.
 *
 * @param purpose comes first in all that is signed: no signature made for another purpose, or another version, is one here
 */
export function prover<Role extends string>(purpose: string) {
	return (authkey: Uint8Array, role: Role, servers: Uint8Array, clients: Uint8Array): Buffer => {
		const hmac = crypto().createHmac('sha256', authkey);
		return hmac.update(`${purpose} ${role}`).update(servers).update(clients).digest();
	};
}

/** In constant time: how long it takes tells nobody how much of a guess is right. */
export function isProof(proof: Uint8Array, expected: Uint8Array): boolean {
	return proof.length === expected.length && crypto().timingSafeEqual(proof, expected);
}
