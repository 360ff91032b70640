import * as contract from "@repl/contract";
import { expect, test } from "vitest";
import { hasEnded, type JobStatus, type ReplStatus, STEPS } from "../src/index.ts";

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
