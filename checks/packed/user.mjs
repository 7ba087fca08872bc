// A user's program, run where only the packed packages are installed.
import assert from 'node:assert/strict';
import * as core from '@conc/core';
import * as local from '@conc/local';
import * as lock from '@conc/lock';
import * as pool from '@conc/pool';
import * as process from '@conc/process';
import * as thread from '@conc/thread';

for (const [name, found] of Object.entries({ core, local, lock, pool, process, thread })) {
	assert.notEqual(Object.keys(found).length, 0, `@conc/${name} exports nothing`);
}

const request = new local.Local();
assert.equal(
	request.run({ id: 7 }, () => request.id),
	7,
);

const scale = 3;
const workers = new pool.Pool(2);
try {
	assert.deepEqual(await workers.map((n) => n * scale, [1, 2, 3]), [3, 6, 9]);
} finally {
	workers.close();
	await workers.join();
}
console.log('import: ok');
