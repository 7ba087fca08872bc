/** A socket or server, which keeps the process alive or not. */
interface Handle {
	ref(): unknown;
	unref(): unknown;
}

/** Lets a handle keep the process alive as long as somebody waits for it. */
export class Hold {
	readonly #handle: Handle;
	#waiting = 0;

	constructor(handle: Handle) {
		this.#handle = handle;
		handle.unref();
	}

	take(): void {
		if (this.#waiting++ === 0) this.#handle.ref();
	}

	release(): void {
		if (--this.#waiting === 0) this.#handle.unref();
	}
}
