export { echo, echo as move, fib, next, spin } from '../../tasks.js';
