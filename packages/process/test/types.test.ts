import {
	type Address,
	type Connection,
	type CurrentProcess,
	connect,
	currentProcess,
	type DictProxy,
	Listener,
	type ListProxy,
	type Lock,
	Manager,
	type ParentProcess,
	Pipe,
	Process,
	type Proxied,
	parentProcess,
} from '@conc/process';
import { expectTypeOf, it } from 'vitest';

it('result has the type of what the target returns', () => {
	expectTypeOf(new Process({ target: () => 1 }).result).resolves.toBeNumber();
	expectTypeOf(new Process({ target: async () => 'a' }).result).resolves.toBeString();
	const { result } = new Process({ target: (a: number, b: string) => [a, b], args: [1, 'b'] });
	expectTypeOf(result).resolves.toEqualTypeOf<(number | string)[]>();
});

it('arguments and options are what the target and the system take', () => {
	const target = (n: number, s?: string) => `${n}${s}`;
	const accepted = () => [
		new Process({ target, args: [1] }),
		new Process({ target, args: [1, 's'] as const, stdio: ['ignore', 1, process.stderr], env: { A: '1' } }),
		new Process({
			target: () => 1,
			args: [],
			stdio: 'ignore',
			resourceLimits: { maxOldGenerationSizeMb: 9 },
		}),
	];
	expectTypeOf(accepted).toBeFunction();
	const refused = () => [
		// @ts-expect-error a string is no number
		new Process({ target, args: ['1'] }),
		// @ts-expect-error too many
		new Process({ target, args: [1, 's', 2] }),
		// @ts-expect-error nobody would read it
		new Process({ target: () => 1, stdio: 'pipe' }),
		// @ts-expect-error there is no such option
		new Process({ target: () => 1, transfer: [] }),
	];
	expectTypeOf(refused).toBeFunction();
});

it('states are read, and waits give truth values', () => {
	const use = (child: Process) => ({
		join: child.join({ timeout: 1, signal: AbortSignal.abort() }),
		joinSync: child.joinSync(),
		ends: [child.terminate(), child.kill()],
		end: [child.exitCode, child.signalCode, child.pid] as const,
	});
	expectTypeOf(use).returns.toEqualTypeOf<{
		join: Promise<boolean>;
		joinSync: boolean;
		ends: Promise<void>[];
		end: readonly [number | null, NodeJS.Signals | null, number | undefined];
	}>();
	expectTypeOf((child: Process) => {
		// @ts-expect-error a state is read, not set
		child.daemon = true;
	}).toBeFunction();
	expectTypeOf(currentProcess()).toEqualTypeOf<CurrentProcess>();
	expectTypeOf(parentProcess()).toEqualTypeOf<ParentProcess | null>();
});

it('a connection carries what it is said to', () => {
	const typed = async (connection: Connection<{ n: number }>) => {
		expectTypeOf(await connection.recv()).toEqualTypeOf<{ n: number }>();
		expectTypeOf(connection.recvSync({ timeout: 1 }).n).toBeNumber();
		expectTypeOf(connection.recvBytes()).resolves.toEqualTypeOf<Uint8Array<ArrayBuffer>>();
		expectTypeOf(connection.poll({ timeout: 1 })).resolves.toBeBoolean();
		for await (const value of connection) expectTypeOf(value).toEqualTypeOf<{ n: number }>();
		// @ts-expect-error of another type
		await connection.send({ n: 'text' });
		// @ts-expect-error what blocks cannot be aborted
		connection.recvSync({ signal: new AbortController().signal });
	};
	expectTypeOf(typed).toBeFunction();
	const plain = () => connect({ port: 1 }, { authkey: 'k' });
	expectTypeOf(plain).returns.resolves.toEqualTypeOf<Connection<unknown>>();
	expectTypeOf(connect<string>).returns.resolves.toEqualTypeOf<Connection<string>>();
	const listening = (listener: Listener<string>) => {
		expectTypeOf(listener.accept()).resolves.toEqualTypeOf<Connection<string>>();
		expectTypeOf(listener.address).toEqualTypeOf<Address>();
		expectTypeOf(listener.ready).resolves.toEqualTypeOf<Listener<string>>();
	};
	expectTypeOf(listening).toBeFunction();
	// @ts-expect-error either a file or a port
	const refused = () => new Listener({ path: 'a', port: 1 });
	expectTypeOf(refused).toBeFunction();
});

it('a pipe has two ends that carry the same', () => {
	const typed = async () => {
		const [here, there] = Pipe<readonly [op: string, n: number]>({ duplex: false });
		expectTypeOf(here).toEqualTypeOf(there);
		expectTypeOf(await here.recv()).toEqualTypeOf<readonly [op: string, n: number]>();
		// @ts-expect-error of another type
		await there.send(['add', '1']);
		expectTypeOf(Pipe()).toEqualTypeOf<[Connection<unknown>, Connection<unknown>]>();
		// @ts-expect-error there is no such option
		Pipe({ size: 1 });
	};
	expectTypeOf(typed).toBeFunction();
});

it('what a manager makes has the types of what is in it, and methods that await and that block', () => {
	const typed = async (manager: Manager) => {
		const scores = await manager.dict({ alice: 1 });
		expectTypeOf(scores).toEqualTypeOf<DictProxy<string, number>>();
		expectTypeOf(await scores.get('bob')).toEqualTypeOf<number | undefined>();
		expectTypeOf(scores.getSync('bob')).toEqualTypeOf<number | undefined>();
		expectTypeOf(scores.size).toBeNumber();
		expectTypeOf(await scores.copy()).toEqualTypeOf<Map<string, number>>();
		for await (const entry of scores) expectTypeOf(entry).toEqualTypeOf<[string, number]>();
		const byNumber = await manager.dict([[1, 'one']] as const);
		expectTypeOf(await byNumber.keys()).toEqualTypeOf<1[]>();
		const items = await manager.list([1, 2]);
		expectTypeOf(items).toEqualTypeOf<ListProxy<number>>();
		expectTypeOf(await items.pop()).toBeNumber();
		expectTypeOf(await (await manager.set(['a'])).values()).toEqualTypeOf<string[]>();
		const names = await manager.namespace<{ x: number }>();
		expectTypeOf(names.x).toEqualTypeOf<number | undefined>();
		expectTypeOf((await manager.value('int32', 3)).value).toBeNumber();
		expectTypeOf((await manager.value('bigint64', 3n)).value).toBeBigInt();
		expectTypeOf(await (await manager.queue<Date>()).get()).toEqualTypeOf<Date>();
		expectTypeOf(await manager.lock()).toEqualTypeOf<Lock>();
		// @ts-expect-error of another type
		await scores.set('bob', 'many');
		// @ts-expect-error a proxy has no such method
		scores.forEach;
		// @ts-expect-error it is read, not set
		scores.size = 0;
		// @ts-expect-error a bigint is needed
		await manager.value('bigint64', 3);
	};
	expectTypeOf(typed).toBeFunction();
});

it('what is registered is used by its methods', () => {
	class Counter {
		#count = 0;
		add(n: number): number {
			this.#count += n;
			return this.#count;
		}
		async later(): Promise<string> {
			return 'now';
		}
		readonly name = 'counter';
	}
	class Counters extends Manager {
		declare counter: (start?: number) => Promise<Proxied<Counter>>;
	}
	const typed = async (counters: Counters) => {
		const counter = await counters.counter(1);
		expectTypeOf(counter.add).toEqualTypeOf<(n: number) => Promise<number>>();
		expectTypeOf(counter.addSync).toEqualTypeOf<(n: number) => number>();
		expectTypeOf(counter.later()).resolves.toBeString();
		expectTypeOf(counter.laterSync()).toBeString();
		// @ts-expect-error methods only
		counter.name;
	};
	expectTypeOf(typed).toBeFunction();
});
