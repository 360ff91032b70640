/** Who asked for what, and what became of it. */
export interface AuditEntry {
  readonly action: "start" | "stop";
  /** `joined`: such a job was under way already. `replayed`: its Idempotency-Key was known, and this is the first answer again. */
  readonly outcome: "accepted" | "joined" | "replayed";
  /** For whom. */
  readonly userId: string;
  /** By whom: a token's subject, `sweep`, or null where authentication is off. */
  readonly caller: string | null;
  readonly replId: string;
  readonly jobId: string;
  readonly requestId: string;
  /** Why the job came to be, as its record has it. */
  readonly reason: string;
  /** Missing where no client asked. */
  readonly clientIp?: string;
  readonly traceId?: string | undefined;
}

/** As much of a log as an audit line needs. */
export interface AuditLog {
  child(bindings: object, options: { level: string }): AuditLines;
}

interface AuditLines {
  info(fields: object, message: string): void;
}

/** Of each log the part that writes audit lines; to make one costs as much as a line. */
const LINES = new WeakMap<AuditLog, AuditLines>();

/** Writes one line with `audit: true`, whatever LOG_LEVEL says. */
export function audit(log: AuditLog, entry: AuditEntry): void {
  linesOf(log).info({ audit: true, ...entry }, `${entry.action} ${entry.outcome}`);
}

function linesOf(log: AuditLog): AuditLines {
  const known = LINES.get(log);
  if (known !== undefined) return known;
  const lines = log.child({}, { level: "info" });
  LINES.set(log, lines);
  return lines;
}
