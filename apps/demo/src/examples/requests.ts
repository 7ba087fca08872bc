import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Local } from '@conc/local';
import { ThreadPool } from '@conc/pool';
import { currentThread } from '@conc/thread';

/** What the tutorial says a ThreadLocal is for: a database connection, an HTTP request and a user, bound to a thread. */
export async function requestsExample(): Promise<void> {
	const request = new Local<{ path: string; user: string }>({ name: 'demo.request', inherit: true });
	const database = new Local({
		name: 'demo.database',
		init() {
			console.log(`${currentThread().name} opens a connection to the database`);
			return { connection: `the connection of ${currentThread().name}` };
		},
		dispose: ({ connection }) => console.log(`${connection} is closed`),
	});

	// Neither function is told whose request it is for: they find out where they need it.
	const query = async () => {
		await sleep(20);
		return `${request.path} for ${request.user}, read over ${database.connection}`;
	};
	const serve = async () => {
		const answer = await query();
		console.log(`${currentThread().name} serves ${answer}`);
		return answer;
	};

	const pool = new ThreadPool(2);
	const server = createServer(async ({ url = '/', headers }, response) => {
		const user = String(headers['x-user']);
		response.end(await request.run({ path: url, user }, () => pool.apply(serve)));
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	console.log(`${currentThread().name} listens at http://127.0.0.1:${port}`);

	const ask = async (user: string, path: string) => {
		const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { 'x-user': user } });
		console.log(`${user} gets ${await response.text()}`);
	};
	const users = ['Alice', 'Bob', 'Carol', 'Dave'];
	await Promise.all(users.flatMap((user) => [ask(user, '/orders'), ask(user, '/basket')]));

	server.close();
	pool.close();
	await pool.join();
	console.log(`${currentThread().name} ends.`);
}
