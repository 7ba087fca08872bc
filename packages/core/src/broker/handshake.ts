import type { Socket } from 'node:net';
import { AuthenticationError } from '../errors.js';
import { CHALLENGE_BYTES, isProof, makeChallenge, PROOF_BYTES, prover } from '../proof.js';

/** Which end it is. */
type Role = 'broker' | 'client';

/** For so long an end has time for all its steps. */
const HANDSHAKE_MS = 5_000;
const prove = prover<Role>('@conc/core broker 1');

/**
 * Makes sure that both ends have the same key, by HMAC-SHA256 of two random challenges: the client proves it first,
 * then the broker. Nothing else is read before, and no more than is needed. Rejects with an AuthenticationError, and
 * the socket is closed.
 */
export async function shakeHands(socket: Socket, role: Role, authkey: Uint8Array): Promise<void> {
	const reader = new Reader(socket);
	let isLate = false;
	const late = setTimeout(() => {
		isLate = true;
		socket.destroy();
	}, HANDSHAKE_MS).unref();
	try {
		const own = makeChallenge();
		if (role === 'broker') {
			socket.write(own);
			const other = await reader.read(CHALLENGE_BYTES);
			check(await reader.read(PROOF_BYTES), prove(authkey, 'client', own, other));
			socket.write(prove(authkey, 'broker', own, other));
		} else {
			const other = await reader.read(CHALLENGE_BYTES);
			socket.write(Buffer.concat([own, prove(authkey, 'client', other, own)]));
			check(await reader.read(PROOF_BYTES), prove(authkey, 'broker', other, own));
		}
	} catch (cause) {
		socket.destroy();
		const who = role === 'broker' ? 'a client' : 'the manager';
		const what = isLate
			? `did not complete the handshake within ${HANDSHAKE_MS} ms`
			: 'does not have the same authkey';
		throw new AuthenticationError(`${who} ${what}`, { cause });
	} finally {
		clearTimeout(late);
		reader.close();
	}
}

function check(proof: Buffer, expected: Buffer): void {
	if (!isProof(proof, expected)) throw new Error('its proof is wrong');
}

/** Takes from a socket just as many bytes as are asked for. */
class Reader {
	readonly #socket: Socket;
	#look = () => {};

	constructor(socket: Socket) {
		this.#socket = socket;
		socket.on('readable', this.#notice).on('close', this.#notice);
	}

	read(count: number): Promise<Buffer> {
		return new Promise((resolve, reject) => {
			this.#look = () => {
				const bytes = this.#socket.read(count) as Buffer | null;
				if (bytes !== null && bytes.length === count) resolve(bytes);
				else if (bytes !== null || this.#socket.destroyed) reject(new Error('it has closed the connection'));
			};
			this.#look();
		});
	}

	close(): void {
		this.#socket.off('readable', this.#notice).off('close', this.#notice);
	}

	readonly #notice = () => this.#look();
}
