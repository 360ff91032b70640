import type { JobError } from "repl-orchestrator-client";
import { byId, setText } from "./dom.ts";
import { evidenceText } from "./evidence.ts";

/** Why a job did not do what was asked, in its own words, with the evidence folded away. */
export function drawFailure(error: JobError | null): void {
  byId("job-failure", HTMLDivElement).hidden = error === null;
  // The reason is an alert: it is read out when its text comes, so it must go with the failure.
  setText(byId("job-reason", HTMLParagraphElement), error?.message ?? "");
  setText(byId("job-code", HTMLParagraphElement), error === null ? "" : `${error.code} · ${adviceOf(error)}`);
  setText(byId("job-evidence", HTMLPreElement), evidenceText(error?.details ?? {}));
}

function adviceOf({ retryable }: JobError): string {
  return retryable ? "the same start may succeed later" : "something has to be changed first";
}
