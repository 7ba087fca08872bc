// Modules of Node that take a millisecond or more to load, and that most threads never need.

export const childProcess = () => process.getBuiltinModule('node:child_process');
export const net = () => process.getBuiltinModule('node:net');
export const os = () => process.getBuiltinModule('node:os');
export const crypto = () => process.getBuiltinModule('node:crypto');
export const zlib = () => process.getBuiltinModule('node:zlib');
export const tty = () => process.getBuiltinModule('node:tty');
