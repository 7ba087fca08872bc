// The same for a program in CommonJS, where require() loads the packages.
const assert = require('node:assert/strict');
const { Pool } = require('@conc/pool');

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
	console.log('require: ok');
}

void main();
