import type { JobStatus } from "@repl/contract";
import { waitFor } from "@repl/testkit";
import type { System } from "../../support/system.ts";

/** Longer than any job here may take, outages included. */
const END_TIMEOUT_MS = 90_000;

/** Starts every repl, the requests shared out among the api processes. */
export function startAll(system: System, replIds: readonly string[]): Promise<string[]> {
  return Promise.all(replIds.map((replId, index) => system.submit("start", replId, index)));
}

/** Follows jobs by long polls until each has ended: many at once must not cost the machine its time. */
export function followAll(system: System, jobIds: readonly string[], timeoutMs = END_TIMEOUT_MS): Promise<JobStatus[]> {
  return Promise.all(jobIds.map((jobId, index) => follow(system, jobId, timeoutMs, index)));
}

/** Follows one job until it has ended. */
export function follow(system: System, jobId: string, timeoutMs = END_TIMEOUT_MS, api = 0): Promise<JobStatus> {
  const { url } = system.apis[api % system.apis.length] ?? { url: "" };
  return waitFor(
    async () => {
      const status = (await (await fetch(`${url}/jobs/${jobId}?wait=10`)).json()) as JobStatus;
      if (status.finishedAt === null) throw new Error(`${status.state}/${status.phase}: ${status.message}`);
      return status;
    },
    { what: `job ${jobId} to end`, timeoutMs, intervalMs: 10 },
  );
}

/** Waits until a job's status is as asked for, or says what it was last. */
export function untilStatus(
  system: System,
  jobId: string,
  isSo: (status: JobStatus) => boolean,
  timeoutMs = 20_000,
): Promise<JobStatus> {
  return waitFor(
    async () => {
      const status = await system.status(jobId);
      if (!isSo(status)) throw new Error(`${status.state}/${status.phase}: ${status.message}`);
      return status;
    },
    { what: `job ${jobId} to be as awaited`, timeoutMs, intervalMs: 50 },
  );
}

/** From when a job was accepted until it ended, in ms by Redis' clock. */
export function tookMs({ createdAt, finishedAt }: JobStatus): number {
  return Date.parse(finishedAt ?? "") - Date.parse(createdAt);
}
