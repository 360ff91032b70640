import type { Verb } from "../http/target.ts";

/** One call to the API, answered. */
interface AuditEntry {
  /** Counts up from 1. */
  readonly number: number;
  /** ISO 8601 with milliseconds: when the call came. */
  readonly at: string;
  readonly verb: Verb | "other";
  readonly write: boolean;
  /** `Deployment/namespace/name`; the name is empty for lists, watches and generated names. */
  readonly subject: string;
  readonly path: string;
  /** HTTP status of the answer; 0 when the reply was withheld. */
  readonly status: number;
  readonly user: string;
  readonly userAgent: string;
  /** From the call to the answer (for a watch: to its first byte), milliseconds. */
  readonly durationMs: number;
}

/** Which entries to show; what is left out matches all. `subject` may hold `*`. */
interface AuditFilter {
  readonly verb?: string;
  readonly write?: boolean;
  readonly subject?: string;
  readonly userAgent?: string;
  /** Only entries after this number. */
  readonly after?: number;
}

/** The calls so far, the last `limit` of them. */
export interface Audit {
  /** How many calls there were in all. */
  readonly count: number;
  entries(filter?: AuditFilter): readonly AuditEntry[];
  clear(): void;
}

/** The writing side of an audit. */
export interface AuditLog extends Audit {
  add(entry: Omit<AuditEntry, "number">): void;
}

/** Whether a pattern with `*` fits; given by the caller to keep this file free of matching rules. */
type Matches = (pattern: string, text: string) => boolean;

const fits = (entry: AuditEntry, filter: AuditFilter, matches: Matches): boolean =>
  (filter.verb === undefined || entry.verb === filter.verb) &&
  (filter.write === undefined || entry.write === filter.write) &&
  (filter.after === undefined || entry.number > filter.after) &&
  (filter.subject === undefined || matches(filter.subject, entry.subject)) &&
  (filter.userAgent === undefined || entry.userAgent.includes(filter.userAgent));

export function createAudit(limit: number, matches: Matches): AuditLog {
  let kept: AuditEntry[] = [];
  let count = 0;
  return {
    get count() {
      return count;
    },
    add(entry) {
      count += 1;
      kept.push({ number: count, ...entry });
      if (kept.length > limit * 2) kept = kept.slice(-limit);
    },
    entries: (filter = {}) => kept.filter((entry) => fits(entry, filter, matches)),
    clear() {
      kept = [];
      count = 0;
    },
  };
}
