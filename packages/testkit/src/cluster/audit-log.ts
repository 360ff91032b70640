import { readFile } from "node:fs/promises";

/** One request as kube-apiserver's audit log has it (audit.k8s.io/v1). */
export interface AuditEvent {
  /** A watch has two events: when it was accepted and when it ended. */
  readonly stage: "ResponseStarted" | "ResponseComplete" | "Panic";
  readonly verb: string;
  readonly requestURI: string;
  readonly userAgent?: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly subresource?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  /** At level RequestResponse only. */
  readonly requestObject?: unknown;
}

/** All complete events of an audit log, oldest first. An event is written after its answer was sent: wait for it. */
export async function readAuditLog(path: string): Promise<AuditEvent[]> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return ""; // Nothing was logged yet.
    throw error;
  });
  const complete = text.slice(0, text.lastIndexOf("\n") + 1);
  return complete
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}
