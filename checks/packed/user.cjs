// The same for a program in CommonJS, where require() loads the packages.
const assert = require('node:assert/strict');
const { Pool } = require('@conc/pool');
const { Manager, Pipe, Process, Queue } = require('@conc/process');

for (const name of ['core', 'local', 'lock', 'pool', 'process', 'thread']) {
	assert.notEqual(Object.keys(require(`@conc/${name}`)).length, 0, `@conc/${name} exports nothing`);
}

async function main() {
	const scale = 3;
	const workers = new Pool(2);
	try {
		assert.deepEqual(await workers.map((n) => n * scale, [1, 2, 3]), [3, 6, 9]);
	} finally {
		workers.close();
		await workers.join();
	}
	const manager = await new Manager().start();
	const dict = await manager.dict();
	const queue = new Queue();
	const [here, there] = Pipe();
	const target = async () => {
		await dict.set('a', scale);
		queue.putSync(scale + 1);
		return there.recv();
	};
	const child = new Process({ target }).start();
	await here.send(scale + 2);
	assert.deepEqual([await queue.get(), await child.result, dict.getSync('a')], [4, 5, 3]);
	await manager.shutdown();
	console.log('require: ok');
}

void main();
