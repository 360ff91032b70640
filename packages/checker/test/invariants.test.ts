import { describe, expect, test } from "vitest";
import { checkHistory, INVARIANTS } from "../src/index.ts";
import {
  added,
  call,
  deleted,
  historyOf,
  intent,
  invoke,
  job,
  object,
  ok,
  type Parts,
  states,
  wholeSet,
} from "./history-of.ts";

/** The least history in which an invariant holds, and those in which it does not, by what is wrong in them. */
interface Case {
  readonly holds: Parts;
  readonly broken: Readonly<Record<string, Parts>>;
}

const [deployment, service] = [object("Deployment"), object("Service")];
const running = { intents: [intent()], objects: wholeSet() };
const stopped = intent({ desired: "stopped", generation: 2 });
const healed = { type: "healed", at: 1_000 } as const;
const rest = { type: "rest", at: 5_000 } as const;
const log = (count: number) =>
  Array.from({ length: count }, () => ({
    ...({ type: "log", process: "api-1", level: "error", message: "no", at: 100 } as const),
  }));
const process = (change: "started" | "crashed" | "ending" | "ended" | "died", at: number) =>
  ({ type: "process", process: "worker-1", change, at }) as const;
const failed = { type: "fail", op: "op-1", status: 404, code: "not_found" } as const;
const subject = "Service/repls/demo";

const CASES: Readonly<Record<string, Case>> = {
  I1: {
    holds: { end: running },
    broken: {
      "half a set": { end: { ...running, objects: [deployment, service] } },
      "a set that is being deleted": { end: { ...running, objects: wholeSet({ terminating: true }) } },
      "a Service of nobody": {
        end: { ...running, objects: [...wholeSet().slice(0, 2), object("Ingress", { owners: [] })] },
      },
      "two generations": { end: { ...running, objects: [deployment, service, object("Ingress", { generation: 2 })] } },
    },
  },
  I2: {
    holds: { events: [...added(deployment), ...deleted(deployment), ...added(object("Deployment", { uid: "again" }))] },
    broken: { "two Deployments": { events: added(deployment, object("Deployment", { name: "demo-2", uid: "two" })) } },
  },
  I3: {
    holds: { events: [invoke("op-1"), ok("op-1", "job-1")], end: { jobs: [job({ state: "completed" })] } },
    broken: {
      "a job that is gone": { events: [invoke("op-1"), ok("op-1", "job-1")] },
      "a job that waits": { events: [invoke("op-1"), ok("op-1", "job-1")], end: { jobs: [job()] } },
    },
  },
  I4: {
    holds: { events: [invoke("op-1"), ...states({}), ...added(deployment)] },
    broken: {
      "a job of nobody": { events: states({}) },
      "a job of a refused request": { events: [invoke("op-1"), failed, ...states({})] },
      "two jobs of one order": { events: [invoke("op-1"), ...states({}), ...states({ jobId: "job-2" })] },
      "two of which one was heard of": {
        events: [invoke("op-1"), ...states({})],
        end: { jobs: [job(), job({ jobId: "job-2" })] },
      },
      "a resource of no job": { events: [invoke("op-1"), ...added(deployment)] },
    },
  },
  I5: {
    holds: { events: [healed, rest] },
    broken: {
      "no rest": { events: [healed], end: { rested: false } },
      "late rest": { events: [healed, { ...rest, at: 99_000 }] },
    },
  },
  I6: {
    holds: { events: [...added(deployment), ...deleted(deployment), ...added(object("Deployment", { uid: "again" }))] },
    broken: { "made twice": { events: added(deployment, object("Deployment", { uid: "again" })) } },
  },
  I7: {
    holds: { end: running },
    broken: {
      "of a stopped repl": { end: { intents: [stopped], objects: [service] } },
      "of an older generation": { end: { intents: [intent({ generation: 3 })], objects: [service] } },
      "of a generation that never was": {
        end: { intents: [intent()], objects: [object("Service", { generation: 2 })] },
      },
      "of nobody": { end: { objects: [service] } },
    },
  },
  I8: {
    holds: { events: [invoke("op-1"), ok("op-1", "job-1")], end: running },
    broken: {
      "stopped after a start": { events: [invoke("op-1"), ok("op-1", "job-1")], end: { intents: [stopped] } },
      "running after a stop": {
        events: [invoke("op-1"), ok("op-1", "job-1"), invoke("op-2", "stop"), ok("op-2", "job-2")],
        end: running,
      },
      "meant to run and not there": { events: [invoke("op-1"), ok("op-1", "job-1")], end: { intents: [intent()] } },
    },
  },
  I9: {
    holds: {
      events: states({}, { state: "active", progress: 10 }, { state: "active", progress: 80 }, { state: "completed" }),
    },
    broken: {
      "ended twice": { events: states({ state: "active" }, { state: "completed" }, { state: "completed" }) },
      "ended twice, with changes between that nobody heard of": {
        events: states({ state: "active" }, { state: "completed" }, { state: "failed", version: 9 }),
      },
      "less progress": { events: states({ state: "active", progress: 80 }, { state: "active", progress: 10 }) },
      "an older version": { events: states({ version: 4 }, { state: "active", version: 3 }) },
      "fewer attempts": { events: states({ state: "active", made: 2 }, { state: "queued", made: 1 }) },
      "queued after its end": { events: states({ state: "completed" }, { state: "queued" }) },
    },
  },
  I10: {
    holds: {
      events: [
        ...[...states({}), ...added(...wholeSet()), ...states({ state: "completed" })],
        // Of this one's life nothing was heard but its end, and that late.
        ...[invoke("op-2", "start", "deaf"), ...added(...wholeSet({ replId: "deaf" }))],
        ...deleted(...wholeSet({ replId: "deaf" })),
        ...states({ jobId: "job-2", replId: "deaf", requestId: "op-2", state: "completed", version: 9 }),
      ],
    },
    broken: {
      "gone before it was asked for": {
        events: [
          ...[...added(...wholeSet()), ...deleted(...wholeSet()), invoke("op-1")],
          ...states({ state: "completed", version: 9 }),
        ],
      },
      "without its Ingress": {
        events: [...states({}), ...added(deployment, service), ...states({ state: "completed" })],
      },
      "never ready": {
        events: [...states({}), ...added(...wholeSet({ ready: false })), ...states({ state: "completed" })],
      },
      "a stop that left something": {
        events: [...added(service), ...states({ kind: "stop" }, { kind: "stop", state: "completed" })],
      },
      "a failure without a reason": { events: states({}, { state: "failed" }) },
    },
  },
  I11: {
    holds: {
      setup: { troubled: ["demo"] },
      events: [...states({ state: "failed", errorCode: "image_pull_failed" }), invoke("op-1"), ok("op-1", "job-1")],
    },
    broken: {
      "a failure without a cause of its own": { events: states({ state: "failed", errorCode: "image_pull_failed" }) },
      "another user's job": { events: [...states({}), invoke("op-2", "start", "demo", "eve"), ok("op-2", "job-1")] },
      "one repl for two users": { events: [...states({}), ...states({ jobId: "job-2", userId: "eve" })] },
      "another repl's resource": { events: [...states({}), call("create", "Service/repls/other", { run: "job-1#1" })] },
    },
  },
  I12: {
    holds: { events: [invoke("op-1"), call("create", subject), call("create", "Ingress/repls/demo-ingress")] },
    broken: {
      "another namespace": { events: [invoke("op-1"), call("create", "Service/kube-system/demo")] },
      "another kind": { events: [invoke("op-1"), call("create", "Secret/repls/demo")] },
      "a repl that nobody knows": { events: [invoke("op-1"), call("delete", "Service/repls/demolition")] },
      "somebody else's resource": { setup: { foreign: [subject] } },
    },
  },
  I13: {
    holds: { events: [call("create", subject), { type: "again" }, call("create", subject, { status: 409 })] },
    broken: { "a write": { events: [{ type: "again" }, call("update", subject, { status: 200 })] } },
  },
  I14: {
    holds: {
      events: [
        ...states({ state: "retrying", made: 1 }),
        { type: "job", job: job({ state: "active", made: 2 }), at: 600 },
        { ...call("create", subject, { run: "job-1#3", status: 429, retryAfterMs: 2_000 }), at: 20_000 },
        { ...call("create", subject, { run: "job-1#3", status: 201, sentAt: 15_000 }), at: 20_000 },
        ...Array.from({ length: 12 }, (_, second) => ({
          ...call("create", subject, { run: "job-1#2", status: 0 }),
          at: 1_000 * second,
        })),
      ],
    },
    broken: {
      "a write sent again and again at once": {
        events: Array.from({ length: 8 }, () => call("create", subject, { run: "job-1#1", status: 0 })),
      },
      "too many attempts": { end: { jobs: [job({ made: 6 })] } },
      "no pause": { events: states({ state: "retrying", made: 1 }, { state: "active", made: 2 }) },
      "Retry-After forgotten": {
        events: [1, 2].map(() => call("create", subject, { run: "job-1#1", status: 429, retryAfterMs: 1_000 })),
      },
      "too many writes": {
        events: Array.from({ length: 10 }, () => call("update", subject, { run: "job-1#1", status: 200 })),
      },
    },
  },
  I15: {
    holds: { end: { leftovers: [{ process: "worker-1", count: 0 }] } },
    broken: {
      "a lease": { end: { leases: ["demo"] } },
      "a timer": { end: { leftovers: [{ process: "worker-1", count: 1 }] } },
    },
  },
  I16: {
    holds: { events: [invoke("op-1"), ok("op-1", "job-1")] },
    broken: {
      late: {
        events: [
          { ...invoke("op-1"), at: 0 },
          { ...ok("op-1", "job-1"), at: 2_500 },
        ],
      },
      never: { events: [invoke("op-1")] },
    },
  },
  I17: {
    holds: { events: [invoke("op-1"), { type: "info", op: "op-1", status: 503 }, healed] },
    broken: {
      "a 500": { events: [invoke("op-1"), { type: "info", op: "op-1", status: 500 }] },
      "a 503 long after healing": {
        events: [healed, { ...invoke("op-1"), at: 9_000 }, { type: "info", op: "op-1", status: 503, at: 9_001 }],
      },
      "a 4xx for a right request": {
        events: [invoke("op-1"), { type: "fail", op: "op-1", status: 408, code: "request_timeout" }],
      },
    },
  },
  I19: {
    holds: { events: log(10) },
    broken: {
      "eleven lines in a second": { events: log(11) },
      "a line that is no JSON": { events: [{ type: "log", process: "api-1", level: "unreadable", message: "Trace:" }] },
    },
  },
  I20: {
    holds: {
      events: states({}),
      end: { ...running, jobs: [job()], open: ["job-1"], counted: [{ userId: "ada", running: 1, open: 1 }] },
    },
    broken: {
      "a job that is gone": { events: states({}) },
      "open and ended": { end: { jobs: [job({ state: "completed" })], open: ["job-1"] } },
      "neither open nor ended": { end: { jobs: [job()] } },
      "a repl counted twice": { end: { ...running, counted: [{ userId: "ada", running: 2, open: 0 }] } },
      "a job counted twice": { end: { ...running, counted: [{ userId: "ada", running: 1, open: 1 }] } },
    },
  },
  I21: {
    holds: {
      events: [{ type: "taken", jobId: "job-1", by: "worker-1", at: 5 }, process("ending", 10), process("ended", 900)],
    },
    broken: {
      "takes a job": {
        events: [
          process("ending", 10),
          { type: "taken", jobId: "job-1", by: "worker-1", at: 900 },
          process("ended", 950),
        ],
      },
      "does not end": { events: [process("ending", 10)] },
      "is killed, having been told to end": { events: [process("ending", 10), process("died", 20_000)] },
      "dies by itself": { events: [process("started", 10), process("died", 900)] },
      "ends late": { events: [process("ending", 10), process("ended", 40_000)] },
    },
  },
  I22: {
    holds: { events: added(deployment, service) },
    broken: {
      "two manifests": { events: added(deployment, object("Deployment", { manifest: "b" })) },
      "one name for two repls": { events: added(service, object("Service", { replId: "other", manifest: "b" })) },
    },
  },
};

const found = (id: string, parts: Parts) => checkHistory(historyOf(parts)).filter(({ invariant }) => invariant === id);

test("each invariant that a history shows has its cases", () => {
  const shown = INVARIANTS.filter(({ check }) => check !== undefined).map(({ id }) => id);
  expect(Object.keys(CASES)).toEqual(shown);
});

describe.each(Object.entries(CASES))("%s", (id, { holds, broken }) => {
  test("holds", () => {
    expect(found(id, holds)).toEqual([]);
  });

  test.each(Object.entries(broken))("is broken by: %s", (_what, parts) => {
    expect(found(id, parts)).not.toEqual([]);
  });
});

test("a job whose Redis lost what it had acknowledged may be gone, and none of its resources may be half there", () => {
  const events = [invoke("op-1"), ok("op-1", "job-1"), ...states({})];
  const setup = { lossy: true };
  expect(checkHistory(historyOf({ setup, events: [...events, healed, rest] }))).toEqual([]);
  const half = checkHistory(historyOf({ setup, events: [...events, healed, rest], end: { objects: [service] } }));
  expect(half.map(({ invariant }) => invariant)).toEqual(["I1"]);
});

test("where Redis lost whose a repl is, its name's next user meets the first one's resources, and nobody else's", () => {
  const failed = states({ jobId: "job-2", userId: "eve", state: "failed", errorCode: "resource_conflict" });
  const setup = { lossy: true };
  expect(found("I11", { setup, events: [...added(...wholeSet()), ...failed] })).toEqual([]);
  expect(found("I11", { setup, events: [...added(...wholeSet({ user: "eve" })), ...failed] })).not.toEqual([]);
  expect(found("I11", { events: [...added(...wholeSet()), ...failed] })).not.toEqual([]);
});

test("a generation that Redis forgot is counted again, where Redis may forget", () => {
  const asForgotten = object("Deployment", { generation: 1 });
  const anew = object("Deployment", { uid: "again", generation: 3 });
  const events = [...added(object("Deployment", { generation: 3 })), ...deleted(asForgotten), ...added(anew)];
  expect(found("I6", { events })).not.toEqual([]);
  expect(found("I6", { setup: { lossy: true }, events })).toEqual([]);
});

test("half of what Redis forgot is no half of a repl, once it is reported, where Redis may forget", () => {
  const message = "the cluster does not agree with the intents | Service/repls/demo";
  const events = [{ type: "log", process: "worker-1/1", level: "warn", message }] as const;
  const half = { objects: [service], intents: [] };
  const setup = { lossy: true };
  expect(found("I1", { setup, events, end: half })).toEqual([]);
  expect(found("I1", { setup, end: half })).not.toEqual([]);
  expect(found("I1", { events, end: half })).not.toEqual([]);

  const others = { ...half, intents: [intent({ userId: "eve", desired: "stopped" })] };
  expect(found("I1", { setup, events, end: others })).toEqual([]);
  const own = { ...half, intents: [intent({ desired: "stopped" })] };
  expect(found("I1", { setup, events, end: own })).not.toEqual([]);
});
