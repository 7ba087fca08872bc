import { parentPort } from 'node:worker_threads';
import { doAll, type List } from '../list.js';

parentPort?.on('message', (list: List) => parentPort?.postMessage(doAll(list)));
