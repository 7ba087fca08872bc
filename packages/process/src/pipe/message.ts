/**
 * What lies in a pipe: short values as they are, as that is quicker, and what else there is in a list, so that nothing
 * is mistaken for bytes, or for no message.
 */
export type Message = number | string | boolean | readonly [value: unknown] | BytesMessage;
type BytesMessage = readonly [nothing: null, bytes: Uint8Array<ArrayBuffer>];

export function messageOf(value: unknown): Message {
	return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean'
		? value
		: [value];
}

export function contentOf(message: Message): unknown {
	return Array.isArray(message) ? message[0] : message;
}

export function isBytes(message: Message): message is BytesMessage {
	return Array.isArray(message) && message.length === 2;
}
