/** The namespace of a manager, in its server: its proxies have the names as properties. (`SyncManager.Namespace`) */
export class Names {
	static readonly methods = ['get', 'set', 'has', 'delete', 'keys'];
	static readonly states = [];
	readonly #values = new Map<string, unknown>();

	constructor(values: Readonly<Record<string, unknown>> = {}) {
		for (const [name, value] of Object.entries(values)) this.#values.set(name, value);
	}

	get(name: string): unknown {
		return this.#values.get(name);
	}

	set(name: string, value: unknown): void {
		this.#values.set(name, value);
	}

	has(name: string): boolean {
		return this.#values.has(name);
	}

	delete(name: string): void {
		this.#values.delete(name);
	}

	keys(): string[] {
		return [...this.#values.keys()];
	}
}
