import { BroadcastChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { decode } from '../codec/decode.js';
import { encode } from '../codec/encode.js';
import type { Payload } from '../codec/payload.js';
import { tellSent } from '../codec/shareable.js';
import { here } from '../here.js';
import { beforeBlocking } from '../host/blocking.js';
import type { Label } from '../liveness/labels.js';
import { Registry, type ThreadId } from '../liveness/registry.js';
import { addPackageTexts, packageTexts } from '../packages.js';
import { realm } from '../realm.js';
import { isLoaded, loadModules } from '../revive/modules.js';
import { printError } from './output.js';
import { headingOf, stackOf } from './stack.js';

/** A thread was ended by an error. */
export interface Report {
	readonly error: unknown;
	readonly thread: ThreadId;
	/** What it was called: it may be gone when this is looked at. */
	readonly label: Label;
}

type Take = (report: Report) => void;

/** A report on its way to the thread that takes it. */
interface Sent extends Pick<Payload, 'bytes' | 'shared' | 'templates' | 'modules'>, Omit<Report, 'error'> {
	readonly texts: Record<string, string>;
}

/** Who takes the reports that reach this thread; all are printed where nobody does. */
const desk = () =>
	realm('reports', () => ({
		take: printReport as Take,
		channel: null as BroadcastChannel | null,
		/** Those for which modules are being imported. */
		loading: new Map<Sent, Promise<void>>(),
	}));

/**
 * From now on `take` is given the errors that end this thread and those it started, and so on down, unless one of them
 * takes them itself. It is called in this thread: in a turn of its event loop, while it blocks in a wait of ours, and when it ends.
 */
export function takeReports(take: Take): void {
	const ours = desk();
	ours.take = take;
	Registry.ours().takesReports(true);
	if (ours.channel !== null) return;
	const channel = new BroadcastChannel(channelOf(Registry.ours().self()));
	ours.channel = channel;
	channel.onmessage = ({ data }: { data: unknown }) => receive(data as Sent);
	channel.unref();
	beforeBlocking(takeEach);
	process.on('exit', takeSentReports);
}

/** From now on threads print such errors themselves; so does this one with what is still on its way. */
export function leaveReports(): void {
	desk().take = printReport;
	Registry.ours().takesReports(false);
}

/**
 * Takes the reports that have come, for one that blocks or ends. It cannot wait for modules: what is in one that is not
 * there yet is left out of the error, its class among that.
 */
export function takeSentReports(): void {
	takeEach(() => {});
}

function takeEach(beforehand: () => void): void {
	takeArrivedReports(beforehand);
	for (const sent of desk().loading.keys()) {
		beforehand();
		tell(sent);
	}
}

/** The same, with all that their errors need, for one that can wait for that. */
export async function takeReportsWhole(): Promise<void> {
	takeArrivedReports();
	await Promise.all(desk().loading.values());
}

/** Takes the reports that have come since the event loop looked, but for those that modules are imported for first. */
export function takeArrivedReports(beforehand = () => {}): void {
	const { channel, loading } = desk();
	if (channel === null) return;
	for (const sent of loading.keys()) {
		if (!sent.modules.every(isLoaded)) continue;
		beforehand();
		tell(sent);
	}
	// It takes both, which its type does not know.
	const look = () => receiveMessageOnPort(channel as unknown as MessagePort);
	for (let next = look(); next !== undefined; next = look()) {
		beforehand();
		receive(next.message);
	}
}

/** Tells who takes it of an error that ended a thread, or of why it cannot be sent; prints it where nobody does. */
export function report(what: Report): void {
	const taker = Registry.ours().reportsTo();
	if (taker === Registry.ours().self()) return desk().take(what);
	if (taker === 0) return printReport(what);
	try {
		send(what, taker);
	} catch (refusal) {
		send({ ...what, error: refusal }, taker);
	}
}

export function printReport({ error, label }: Pick<Report, 'error' | 'label'>): void {
	printStack(headingOf({ kind: 'thread', name: label.name }), error);
}

/** Prints a line and the stack of an error below it on stderr, at once where this is a thread of ours. */
export function printStack(heading: string, error: unknown): void {
	const text = `${heading}\n${stackOf(error)}\n`;
	if (here().kind === 'thread') printError(text);
	else process.stderr.write(text);
}

function send({ error, ...about }: Report, taker: ThreadId): void {
	const payload = encode(error, { to: 'thread', subject: 'an uncaught error', root: 'error', lenient: true });
	const { bytes, shared, templates, modules, packages } = payload;
	tellSent(payload);
	const sent: Sent = { ...about, bytes, shared, templates, modules, texts: packageTexts(packages) };
	const channel = new BroadcastChannel(channelOf(taker));
	channel.postMessage(sent);
	channel.close(); // it would keep this thread alive
}

function receive(sent: Sent): void {
	addPackageTexts(sent.texts);
	const { loading } = desk();
	const missing = loadModules(sent.modules, 'result');
	if (missing === undefined) return tell(sent);
	const told = () => {
		if (loading.has(sent)) tell(sent);
	};
	loading.set(sent, missing.then(told, told));
}

/** An error that cannot be taken apart here is replaced by what went wrong. */
function tell(sent: Sent): void {
	const { thread, label, bytes, shared, templates, modules } = sent;
	desk().loading.delete(sent);
	const options = {
		templates: new Map(templates.map((template) => [template.id, template])),
		signal: () => new AbortController().signal,
		lenient: !modules.every(isLoaded),
	};
	let error: unknown;
	try {
		error = decode({ bytes, shared, moved: [] }, options);
	} catch (failure) {
		error = failure;
	}
	desk().take({ error, thread, label });
}

function channelOf(thread: ThreadId): string {
	return `@conc/core@1:reports:${Registry.ours().key}:${thread}`;
}
