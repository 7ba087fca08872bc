import type { Unit } from '../measure.js';

/** A figure in few characters: `28.3 k/s`, `14.6 µs`, `9.4 MB`. */
export function figure(value: number, unit: Unit): string {
	if (unit === 'bytes') return `${digits(value / 2 ** 20)} MB`;
	if (unit === 'time') return value < 1 ? `${digits(value * 1000)} µs` : `${digits(value)} ms`;
	if (value >= 1e6) return `${digits(value / 1e6)} M/s`;
	return value >= 1e3 ? `${digits(value / 1e3)} k/s` : `${digits(value)}/s`;
}

/** `0.93 x`; nothing where there is nothing to compare with. */
export function ratio(value: number | undefined): string {
	return value === undefined
		? ''
		: Number.isNaN(value)
			? '-'
			: `${value < 10 ? value.toFixed(2) : digits(value)} x`;
}

/** Three, or all those before the point. */
function digits(value: number): string {
	return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
