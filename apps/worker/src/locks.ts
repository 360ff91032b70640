/**
 * BullMQ's lock on a job, and how often it looks for jobs whose lock has run out: together they bound how long the work
 * of a dead worker waits, its sweep included, to 15 s.
 */
export const LOCKS = { lockDuration: 10_000, stalledInterval: 5_000 };
