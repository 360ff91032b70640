import type { JobStatus } from "@repl/contract";
import { waitFor } from "@repl/testkit";
import { insist } from "../../src/clients/client.ts";
import { readObjects } from "../../src/record/end-state.ts";
import { Recorder } from "../../src/record/recorder.ts";
import type { Installation } from "../../src/service/installation.ts";

/** What a test orders of an installation, and how it looks at the world. */
export interface Orders {
  /** An order that is accepted sooner or later; the job's id. */
  order(kind: "start" | "stop", replId: string): Promise<string>;
  /** The job's status once it has ended. */
  ended(jobId: string): Promise<JobStatus>;
  /** Orders, and waits for the end. */
  done(kind: "start" | "stop", replId: string): Promise<JobStatus>;
  /** `Kind/name uid` of each resource of the repl that is not being deleted. */
  resources(replId: string): Promise<string[]>;
}

const TIMEOUT_MS = 120_000;

/** Each repl has a user of its own. */
export function ordersOf(installation: Installation): Orders {
  const url = installation.apis[0]?.url;
  const recorder = new Recorder();
  let orders = 0;
  const order: Orders["order"] = (kind, replId) => {
    orders += 1;
    return insist(installation.apis, { op: `${replId}-${orders}`, kind, replId, userId: replId }, recorder);
  };
  const ended: Orders["ended"] = (jobId) =>
    waitFor(
      async () => {
        const status = (await (await fetch(`${url}/jobs/${jobId}`)).json()) as JobStatus;
        if (status.finishedAt === null) throw new Error(`${status.state}/${status.phase}: ${status.message}`);
        return status;
      },
      { what: `job ${jobId} to end`, timeoutMs: TIMEOUT_MS, intervalMs: 50 },
    );
  return {
    order,
    ended,
    done: async (kind, replId) => ended(await order(kind, replId)),
    resources: async (replId) =>
      (await readObjects(installation, (owner) => owner === replId))
        .filter(({ terminating }) => !terminating)
        .map(({ kind, name, uid }) => `${kind}/${name} ${uid}`)
        .sort(),
  };
}
