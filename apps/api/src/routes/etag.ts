import { type Revision, revisionOf } from "../follow/revision.ts";

/** Names one revision of a job. It is weak (RFC 9110 8.8.1), since the place in the queue moves without being a change of the job. */
export function etagOf(revision: Revision): string {
  return `W/"${revisionOf(revision)}"`;
}

/** Whether If-None-Match names the tag (RFC 9110 13.1.2: weak comparison, `*` matches whatever exists). */
export function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes("*") || tags.includes(etag.replace(/^W\//, ""));
}
