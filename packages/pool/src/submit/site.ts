/** Where the user's call is: what lies below `entry` on the stack. The chunks of a map are all made there. */
export function callSite(entry: (...args: never[]) => unknown): { readonly stack?: string } {
	const site: { stack?: string } = {};
	Error.captureStackTrace(site, entry);
	return site;
}
