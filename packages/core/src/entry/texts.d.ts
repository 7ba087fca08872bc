// What the build embeds as strings; see tsup.base.ts.
declare module 'text:far' {
	const text: string;
	export default text;
}
declare module 'text:parser' {
	const text: string;
	export default text;
}
