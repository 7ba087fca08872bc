import { Local } from '@conc/local';
import { Thread } from '@conc/thread';
import { Process } from '@conc/process';
import { Pool, ThreadPool } from '@conc/pool';
import { writeSync, existsSync } from 'node:fs';
const local = new Local({ name: 'a', init: () => ({ pid: process.pid, n: 0 }), dispose: (v) => { writeSync(1, `disposed ${JSON.stringify(v)} in ${process.pid}\n`); if (v.n === 9) throw new Error('nine') } });
const hold = async () => { local.n = 1; await null; local.n = 2; await new Promise(()=>{ setInterval(()=>{}, 1000)}) };
import { setTimeout as sleep } from 'node:timers/promises';
for (const W of [Thread, Process]) {
  const t = new W({ target: hold }).start();
  t.result.catch(e => console.log(e.message));
  await sleep(300);
  console.log('terminate');
  await (W === Process ? t.kill() : t.terminate());
  console.log('gone');
}
{ const t = new Thread({ target: () => { local.n = 3 } }).start(); await t.join(); console.log('by itself'); }
{ const t = new Process({ target: () => { local.n = 3 } }).start(); await t.join(); console.log('by itself'); }
for (const P of [Pool, ThreadPool]) {
 const p = new P(1); await p.apply(() => { local.n = 5; }); await p.apply(() => { local.n = 9; }); 
 await p.terminate(); console.log('pool gone');
 const q = new P(1); await q.apply(() => { local.n = 6; }); q.close(); await q.join(); console.log('pool closed');
 const r = new P(1); await r.apply(() => { local.n = 7; });
}
console.log('end of main');
