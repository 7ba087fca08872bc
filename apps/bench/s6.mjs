import { Pipe, Process, Queue } from '@conc/process';
const queue = new Queue(); const [here, there] = Pipe();
const child = new Process({ target: async () => {
  for await (const [what, count] of there) { const b = performance.now();
    if (what === 'put') for (let i = 0; i < count; i++) await queue.put(i);
    if (what === 'putSync') for (let i = 0; i < count; i++) queue.putSync(i);
    if (what === 'get') for (let i = 0; i < count; i++) await queue.get();
    if (what === 'getSync') for (let i = 0; i < count; i++) queue.getSync();
    await there.send(count / (performance.now() - b)); }
} }).start();
for (let r = 0; r < 2; r++) for (const what of ['put', 'get', 'putSync', 'getSync']) { await here.send([what, 20000]); console.log(what, (await here.recv()).toFixed(1), 'k/s'); }
here.close(); await child.join();
