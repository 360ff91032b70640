import type { Log } from "@repl/ops";

/** Tells the operators of what a sweep cannot put right. */
export function report(subject: string, because: string, log: Log): "report" {
  log.warn({ subject, because }, "the cluster does not agree with the intents");
  return "report";
}
