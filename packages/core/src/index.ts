export { follow } from './aborts.js';
export {
	type Baggage,
	type Carrier,
	pack,
	packBaggage,
	travelAlong,
	unpack,
	unpackBaggage,
} from './baggage.js';
export { brand, brandsOf } from './brand.js';
export { explain } from './capture/explain.js';
export { byReference, byValue, type ExplicitReference } from './capture/mark.js';
export { placeOf } from './capture/place.js';
export { Intake } from './channel/intake.js';
export { descriptorOf, FULL_PIPE_MS, Outlet } from './channel/outlet.js';
export { decodeData, encodeData } from './codec/data.js';
export { type Packed, Parcel, packValue } from './codec/parcel.js';
export {
	isShareable,
	type Medium,
	revive,
	type Shareable,
	type ShareableClass,
	share,
} from './codec/shareable.js';
export {
	CannotCross,
	CaptureError,
	type Exit,
	HostExitError,
	StartupRecursionError,
	TimeoutError,
} from './errors.js';
export { type CurrentCall, currentCall } from './far/current.js';
export { type Holding, holdings } from './far/holdings.js';
export { type Here, here } from './here.js';
export {
	type Call,
	type CallOptions,
	callSite,
	makeCall,
	makeMapCall,
	type Prepared,
	paceAfter,
	prepare,
} from './host/call.js';
export { type Ending, endingOf, waitForEnd } from './host/ending.js';
export { userFrames } from './host/frames.js';
export {
	beforeBlocking,
	type Caller,
	Host,
	howItEnded,
	ItemError,
	living,
	movesSomething,
	sendAll,
	sendCalls,
} from './host/host.js';
export { Job } from './host/job.js';
export { type ProcessOptions, startProcess } from './host/process.js';
export { startThread, type ThreadOptions } from './host/thread.js';
export { checkChoice, checkKind, checkObject, kindOf } from './kind.js';
export { ownTid, Registry, type ThreadId } from './liveness/registry.js';
export { definePackage } from './packages.js';
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
