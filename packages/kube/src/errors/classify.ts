import type { StatusCause } from "../kube-object.ts";
import { type ErrorFacts, isWrite, type Verdict } from "./error-class.ts";
import type { ErrorRow } from "./error-row.ts";
import { ERROR_TABLE } from "./error-table.ts";

/**
 * What to do about a failed call: the first row of the table that matches. The table's last rows match anything,
 * with a bounded retry, so that nothing is final out of ignorance and nothing is repeated for ever.
 */
export function classify(facts: ErrorFacts): Verdict {
  const row = ERROR_TABLE.find((candidate) => matches(candidate, facts));
  if (row === undefined) throw new Error("the table of errors has no last row");
  return {
    class: settle(row, facts),
    code: row.code,
    ...(row.maxTries === undefined ? {} : { maxTries: row.maxTries }),
  };
}

/** A read whose outcome is unknown has no outcome: it can simply be asked again. */
function settle(row: ErrorRow, facts: ErrorFacts): Verdict["class"] {
  if (row.class === "outcome_unknown" && !isWrite(facts.verb)) return "retry";
  if (row.class === "retry_after" && facts.retryAfterMs === undefined) {
    return "retry";
  }
  return row.class;
}

/** Every condition a row names must hold; one it does not name always does. */
function matches({ when }: ErrorRow, facts: ErrorFacts): boolean {
  return (
    (when.status === undefined || among(when.status, facts.status)) &&
    (when.reason === undefined || when.reason === facts.reason) &&
    (when.message === undefined || when.message.test(facts.message)) &&
    (when.cause === undefined || facts.causes.some((cause) => causeMatches(cause, when.cause ?? {}))) &&
    (when.detailsKind === undefined || when.detailsKind === facts.detailsKind) &&
    (when.json === undefined || when.json === (facts.reason !== undefined)) &&
    (when.sent === undefined || when.sent === facts.sent) &&
    (when.errorCode === undefined || when.errorCode.test(facts.errorCode ?? "")) &&
    (when.notKind === undefined || when.notKind !== facts.kind) &&
    (when.verbs === undefined || when.verbs.includes(facts.verb))
  );
}

function among(range: readonly [number, number] | number, status?: number) {
  if (status === undefined) return false;
  if (typeof range === "number") return range === status;
  return range[0] <= status && status <= range[1];
}

function causeMatches(cause: StatusCause, wanted: NonNullable<ErrorRow["when"]["cause"]>): boolean {
  return (
    (wanted.reason === undefined || wanted.reason === cause.reason) &&
    (wanted.field === undefined || wanted.field === cause.field) &&
    (wanted.message === undefined || wanted.message.test(cause.message ?? ""))
  );
}
