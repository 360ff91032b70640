import type { JobRecord } from "@repl/contract";

/** Names one version of a job's status; the status is made of the record alone. */
export function etagOf({ version }: Pick<JobRecord, "version">): string {
  return `"${version}"`;
}

/** Whether If-None-Match names the tag (RFC 9110 13.1.2: weak comparison, `*` matches whatever exists). */
export function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes("*") || tags.includes(etag);
}
