/**
 * Every Redis key of the service. The braces make them hash to one slot, BullMQ's included, so that each script is
 * atomic on Redis Cluster too. BullMQ forbids `:` in queue names.
 */
export const DEFAULT_PREFIX = "{repl-orchestrator}";

/** BullMQ's queue of start and stop jobs. */
export const QUEUE_NAME = "repls";

/** BullMQ's queue of sweeps; apart from the repls' queue, so that a long queue does not keep the sweep waiting. */
export const SWEEP_QUEUE_NAME = "sweeps";

/** The service's own keys below `prefix`; `job` and `repl` hold hashes, the rest is said beside each. */
export function keysOf(prefix: string) {
  return {
    /** Hash: one job's record. */
    job: (jobId: string) => `${prefix}:job:${jobId}`,
    /** Hash: one repl's intent. */
    repl: (replId: string) => `${prefix}:repl:${replId}`,
    /** String with expiry: token of the attempt that may write the repl's resources. */
    lease: (replId: string) => `${prefix}:lease:${replId}`,
    /** Sorted set: ids of the jobs that have not ended, by time of acceptance (ms). */
    open: `${prefix}:open`,
    /** Set: those of them that are stops. */
    openStops: `${prefix}:open-stops`,
    /** String: since when (ms) this Redis has known every repl, so that older resources are not taken for orphans. */
    knownSince: `${prefix}:known-since`,
    /** String: the highest turn of all jobs that have begun; turns are what orders the queue. */
    round: `${prefix}:round`,
    /** Hash with expiry: `meanMs` that an attempt took lately, made from `attempts` of them. */
    pace: `${prefix}:pace`,
    /** Sorted set with expiry: the workers that are there, as `id:slots`, by the time (ms) until which they said so. */
    workers: `${prefix}:workers`,
    /** String with expiry: jobs that all these workers take at a time. */
    slots: `${prefix}:slots`,
    /** Start of BullMQ's keys of the repls' queue. */
    queue: `${prefix}:${QUEUE_NAME}`,
    /** Set: prefixes of the names of users' namespaces in which repls of this installation may be. */
    namespacePrefixes: `${prefix}:namespace-prefixes`,
    /** Set: ids of the repls that are meant to run. */
    running: `${prefix}:running`,
    /** Sorted set: ids of all repls a user owns, all with the score 0. */
    userRepls: (userId: string) => `${prefix}:user-repls:${userId}`,
    /** Set: ids of the repls a user owns that are meant to run. */
    userRunning: (userId: string) => `${prefix}:user-running:${userId}`,
    /** Sorted set: ids of a user's jobs that have not ended; starts have the score 1, stops 0. */
    userOpen: (userId: string) => `${prefix}:user-open:${userId}`,
    /** String with expiry: time (ms) at which a client's rate limit is all unused again. */
    rate: (rateKey: string) => `${prefix}:rate:${rateKey}`,
    /** Hash with expiry: the order under a user's idempotency key, and its answer. The length keeps the parts apart. */
    idempotency: (userId: string, key: string) => `${prefix}:idempotency:${userId.length}:${userId}:${key}`,
    /** Channel: a job's whole record (flat JSON array of fields and values) after each change. */
    changes: `${prefix}:changes`,
    /** Channel: the id of a job that was just cancelled. */
    cancelled: `${prefix}:cancelled`,
  };
}
