import { doAll, type List } from '../list.js';

process.on('message', (list: List) => process.send?.(doAll(list)));
