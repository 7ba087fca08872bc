/** Data of every kind. */
export function everyKind(): unknown[] {
	const shared = { a: 1 };
	const cyclic: Record<string, unknown> = { shared, again: shared };
	cyclic.self = cyclic;
	return [
		...[
			undefined,
			null,
			true,
			0,
			-0,
			Number.NaN,
			Number.NEGATIVE_INFINITY,
			2 ** 53,
			'',
			'\0',
			'\ud800',
			10n ** 100n,
		],
		...[[], new Array(3), { 'a b': [{}] }, new Date(5), /x/gi, new Map([[{ k: 1 }, new Set([1])]]), cyclic],
		...[
			new Uint8Array([1, 2]),
			Float64Array.of(0.5),
			new ArrayBuffer(3),
			Buffer.from('bytes'),
			Symbol.iterator,
		],
		...[Symbol.for('a'), new URL('http://a.b/c?d'), new URLSearchParams('a=1'), Object.create(null)],
		...[new Map([[Symbol.for('b'), new Error('inside')]]), JSON.parse('{"__proto__":{"polluted":1}}')],
	];
}
