export { follow } from './aborts.js';
export {
	type Baggage,
	type Carrier,
	packBaggage,
	type Travel,
	travelAlong,
	unpackBaggage,
} from './baggage.js';
export { brand, brandsOf } from './brand.js';
export { allArrived, arrives } from './broker/arrivals.js';
export { Broker, type Order } from './broker/broker.js';
export { errorOf, type Failure, failureOf } from './broker/failure.js';
export { type FarForm, farForm, fromHandle, Remote, rejecting, remote } from './broker/far.js';
export { type FarHandle, type Home, isFar, keyOf } from './broker/handle.js';
export { exportToProcesses, serveHere } from './broker/home.js';
export { openBroker } from './broker/open.js';
export { admit, type Operations, operations } from './broker/operations.js';
export { removeDeadRooms, socketPath } from './broker/room.js';
export { explain } from './capture/explain.js';
export { byReference, byValue, type ExplicitReference } from './capture/mark.js';
export { placeOf } from './capture/place.js';
export { Intake } from './channel/intake.js';
export { Lookout } from './channel/lookout.js';
export { descriptorOf, FULL_PIPE_MS, Outlet, setBlocking } from './channel/outlet.js';
export { Patience } from './channel/patience.js';
export { now } from './clock.js';
export { decodeData, encodeData } from './codec/data.js';
export { jsonOf, Look, parseJson } from './codec/json.js';
export { type Packed, Parcel, packValue } from './codec/parcel.js';
export {
	isShareable,
	type Medium,
	revive,
	type Shareable,
	type ShareableClass,
	sent,
	share,
} from './codec/shareable.js';
export {
	AuthenticationError,
	CannotCross,
	CaptureError,
	type Exit,
	HomeLostError,
	HostExitError,
	StartupRecursionError,
	TimeoutError,
} from './errors.js';
export { type CurrentCall, currentCall } from './far/current.js';
export { type Holding, holdings } from './far/holdings.js';
export {
	leaveReports,
	printReport,
	printStack,
	type Report,
	report,
	takeArrivedReports,
	takeReports,
	takeReportsWhole,
	takeSentReports,
} from './far/report.js';
export { type Here, here, threadName } from './here.js';
export { beforeBlocking, sendAll } from './host/blocking.js';
export {
	type Call,
	type CallOptions,
	callSite,
	makeCall,
	makeMapCall,
	movesSomething,
	type Prepared,
	paceAfter,
	prepare,
} from './host/call.js';
export { type Ending, endingOf, waitForEnd } from './host/ending.js';
export { userFrames } from './host/frames.js';
export { Host, living } from './host/host.js';
export { collectInherited, type Inherited, inherit, isInheriting } from './host/inherit.js';
export { Job } from './host/job.js';
export { type ProcessOptions, startProcess } from './host/process.js';
export { howItEnded, ItemError } from './host/rejection.js';
export { startThread, type ThreadOptions } from './host/thread.js';
export type { Caller } from './host/underway.js';
export { checkChoice, checkKind, checkObject, kindOf } from './kind.js';
export { ownTid } from './liveness/kernel.js';
export type { Label } from './liveness/labels.js';
export { Registry, type ThreadId } from './liveness/registry.js';
export { definePackage, loadPackage, packageExport } from './packages.js';
export { CHALLENGE_BYTES, isProof, makeChallenge, PROOF_BYTES, prover } from './proof.js';
export { realm } from './realm.js';
export {
	deliver,
	type PatientOptions,
	readSignal,
	readTimeout,
	type SyncWaitOptions,
	type WaitOptions,
	waitFor,
} from './wait.js';
export { leaveWill, type Will } from './will.js';
