// Takes the place of the package `bullmq` in a simulation (run/replace-modules.ts): what the product uses of it, by the same
// names, on the simulated Redis.
export { Queue } from "./queue.ts";
export { DelayedError, UnrecoverableError, WaitingError } from "./queue-errors.ts";
export { Worker } from "./worker.ts";
