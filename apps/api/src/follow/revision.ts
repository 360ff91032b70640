import type { JobRecord } from "@repl/contract";

/** Which change of a job a record is. */
export type Revision = Pick<JobRecord, "version" | "changedAt">;

/** Milliseconds since 1970 have 13 digits until the year 2286. */
const TIME_DIGITS = 13;

/** Names a revision, in digits: a Redis that lost its last writes counts the same versions again, at another time. */
export function revisionOf({ version, changedAt }: Revision): string {
  return `${version}${String(changedAt).padStart(TIME_DIGITS, "0")}`;
}

/**
 * Whether a record came after one that was seen. Either tells: the version where the clock of a Redis that took over is
 * behind, the time where versions are counted again.
 */
export function isNewer(record: Revision, seen: Revision): boolean {
  return record.version > seen.version || record.changedAt > seen.changedAt;
}
