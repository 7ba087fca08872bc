import { runAsWorker } from 'synckit';
import { next } from '../../tasks.js';

runAsWorker(next);
