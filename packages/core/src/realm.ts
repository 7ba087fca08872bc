/** The protocol number is part of the key: two copies of core in one thread share their state or do not meet at all. */
const realms = Symbol.for('@conc/core@1');

type Realm = Map<string, unknown>;

const home = globalThis as { [realms]?: Realm };
home[realms] ??= new Map();
const shared = home[realms];

/**
 * State that every copy of core in this thread shares: what `create` made for `name` the first time.
 *
 * A thread easily holds two copies (the text a worker was started from and the file a user's module imports), so
 * module variables hold constants only, and everything that changes lives here.
 */
export function realm<T>(name: string, create: () => T): T {
	const known = shared.get(name);
	if (known !== undefined || shared.has(name)) return known as T;
	const created = create();
	shared.set(name, created);
	return created;
}
