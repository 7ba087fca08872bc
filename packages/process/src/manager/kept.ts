import { realm } from '@conc/core';
import type { ManagerProxy } from './proxy.js';

/** What a server has of its objects: it does not ask itself. */
interface Kept {
	find(id: number): ManagerProxy;
	/** Whether it has an object of this class under that number. */
	has(id: number, Class: unknown): boolean;
}

/** Set in the thread of a server. */
export const kept = () => realm<{ own?: Kept }>('manager', () => ({}));
