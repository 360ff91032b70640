import { readFileSync } from "node:fs";
import * as contract from "@repl/contract";
import { expect, test } from "vitest";
import { FAILURE_CODES, PROBLEM_CODES } from "../src/codes.ts";
import { JOB_ID, REPL_ID } from "../src/ids.ts";
import {
  type ApiError,
  type FailureCode,
  hasEnded,
  type JobError,
  type JobStatus,
  type ProblemCode,
  type ReplStatus,
  STEPS,
} from "../src/index.ts";

/** Exactly the same type, optional and missing members told apart. */
type Same<One, Other> =
  (<Probe>() => Probe extends One ? 1 : 2) extends <Probe>() => Probe extends Other ? 1 : 2 ? true : false;

/** What clients get they do not change; evidence may be of any shape. */
type Frozen<Value> = Value extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : Value extends object
    ? { readonly [Name in keyof Value]: Frozen<Value[Name]> }
    : Value;

type WithoutEvidence<Status extends { error: unknown }> = Frozen<
  Omit<Status, "error"> & { error: keyof NonNullable<Status["error"]> | null }
>;

// The compiler is what tests these: `npm run types` fails where the client's own types have drifted.
const sameJob: Same<WithoutEvidence<JobStatus>, WithoutEvidence<contract.JobStatus>> = true;
const sameRepl: Same<Frozen<ReplStatus>, Frozen<contract.ReplStatus>> = true;

test("jobs and repls have the contract's types", () => {
  expect([sameJob, sameRepl]).toEqual([true, true]);
});

test("the steps are the contract's phases, each kind of job in the order of their progress", () => {
  expect(new Set(Object.values(STEPS).flat())).toEqual(new Set(Object.keys(contract.PHASES)));
  expect(Object.keys(STEPS)).toEqual([...contract.JOB_KINDS]);
  for (const steps of Object.values(STEPS)) {
    const progress = steps.map((phase) => contract.PHASES[phase]);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  }
});

test("a job has ended in exactly the contract's terminal states", () => {
  expect(contract.JOB_STATES.filter((state) => hasEnded({ state }))).toEqual([...contract.TERMINAL_STATES]);
});

const sameFailures: Same<FailureCode, contract.FailureCode> = true;
/** Codes of a service that is newer than the client. */
const later: { readonly job: JobError["code"]; readonly api: ApiError["code"] } = { job: "later", api: "later" };

test("the codes of failures are the contract's, and a new one stays possible", () => {
  expect(sameFailures).toBe(true);
  expect(FAILURE_CODES).toEqual(Object.keys(contract.FAILURES));
  expect(later.job).toBe("later");
});

/** What the api says of itself; a test of the api holds this document to its schemas. */
const openapi = JSON.parse(readFileSync(new URL("../../../docs/openapi.json", import.meta.url), "utf8"));

test("the codes of problems are the api's, and a new one stays possible", () => {
  const known: readonly ProblemCode[] = PROBLEM_CODES;
  expect(known).toEqual(openapi.components.schemas.Problem.properties.code.enum);
  expect(later.api).toBe("later");
});

test.each([
  ["/jobs/{jobId}", JOB_ID],
  ["/repls/{replId}", REPL_ID],
])("the ids of %s are those that the api takes", (path, pattern) => {
  const [parameter] = openapi.paths[path].get.parameters.filter((each: { in: string }) => each.in === "path");
  expect(pattern.source).toBe(parameter.schema.pattern);
});
