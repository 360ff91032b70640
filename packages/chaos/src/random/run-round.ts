import { setTimeout as delay } from "node:timers/promises";
import type { EndState, HistoryEvent, Setup, Violation } from "@repl/checker";
import { waitFor } from "@repl/testkit";
import { insist, sendOrder } from "../clients/client.ts";
import { readEndState, readObjects } from "../record/end-state.ts";
import { CONVERGE_MS, judge, setupOf } from "../record/judge.ts";
import { collectionOf } from "../record/kinds.ts";
import { lookEverywhere } from "../record/leaks.ts";
import { describeOpenJobs } from "../record/open-jobs.ts";
import type { Recorder } from "../record/recorder.ts";
import { untilNoOpenJobs, untilRest } from "../record/rest.ts";
import type { ApiPlace, Installation } from "../service/installation.ts";
import { FaultInjector } from "./faults.ts";
import { type PlannedOrder, replPrefix, type SeedPlan, WINDOW_MS } from "./plan.ts";

/** What became of the schedules of one round. */
export interface RoundOutcome {
  readonly violations: readonly Violation[];
  readonly events: readonly HistoryEvent[];
  readonly end: EndState;
  readonly orders: number;
  readonly faults: number;
  /** From healing to rest. */
  readonly convergedMs: number;
  /** Where each job lay that had not ended when its time was over, a line each. */
  readonly stuck: readonly string[];
  /** Whether everything of the round could be stopped, so that another one may follow on the same processes. */
  readonly isCleared: boolean;
}

/** Runs the schedules of several seeds at once on one installation, and judges them by one history. */
export async function runRound(
  installation: Installation,
  recorder: Recorder,
  plans: readonly SeedPlan[],
): Promise<RoundOutcome> {
  recorder.clear();
  const owns = (replId: string) => plans.some(({ seed }) => replId.startsWith(replPrefix(seed)));
  const injector = new FaultInjector(installation, recorder);
  const clients = Promise.all(
    plans.flatMap(({ orders }) => orders.map((order) => carryOut(order, installation, recorder))),
  );
  const faults = injectAll(plans, injector);
  await delay(WINDOW_MS);
  await faults;
  await injector.heal();
  const healedAt = Date.now();
  recorder.add({ type: "healed" });
  await clients;

  const rested = await succeeds(untilRest(installation));
  await recorder.settled();
  recorder.add({ type: "rest" });
  const convergedMs = Date.now() - healedAt;
  const before = await readEndState(installation, rested, owns);
  const ended = rested && (await askAgain(before, installation, recorder));
  const stuck = ended ? [] : await describeOpenJobs(installation);
  await recorder.settled();
  const end = await readEndState(installation, rested, owns);
  const { events } = recorder;
  const judged = judge(setupOf(installation.namespace, troubleOf(plans, installation.namespace)), events, end);
  const faultsMet = events.filter(({ type }) => type === "fault").length;
  const ordersSent = plans.flatMap(({ orders }) => orders).length;
  const late = rested && !ended ? ["of the last orders, given once more, not all have ended"] : [];
  const uncleared = ended ? await clear(end, plans, installation, recorder).then(() => [], messageOf) : [];
  await lookEverywhere(installation, recorder.leaks);
  const unfinished = [...late, ...uncleared].map((what) => ({ invariant: "I5", what }));
  const violations = [...judged, ...recorder.leaks.violations, ...unfinished];
  const isCleared = ended && uncleared.length === 0;
  return { violations, events, end, orders: ordersSent, faults: faultsMet, convergedMs, stuck, isCleared };
}

const messageOf = (error: Error): string[] => [error.message];

const succeeds = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );

async function carryOut(order: PlannedOrder, { apis }: Installation, recorder: Recorder): Promise<void> {
  const { atMs, op, api, retries } = order;
  await delay(atMs);
  for (let tries = 0; tries <= retries; tries += 1) {
    const place = apis[(api + tries) % apis.length] as ApiPlace;
    const again = tries === 0 ? {} : { op: `${op}.${tries}`, leaveMs: undefined };
    const { status } = await sendOrder(place, { ...order, ...again }, recorder);
    if (status !== 0 && status !== 503) return;
    await delay(300 * (tries + 1));
  }
}

async function injectAll(plans: readonly SeedPlan[], injector: FaultInjector): Promise<void> {
  const own = plans.flatMap((plan) => plan.own);
  const later = async (atMs: number, work: () => unknown): Promise<void> => {
    await delay(atMs);
    await work();
  };
  await Promise.all([
    ...own.map((fault) => later("atMs" in fault ? fault.atMs : 0, () => injector.own(fault))),
    ...plans.flatMap(({ shared }) => shared).map((fault) => later(fault.atMs, () => injector.shared(fault))),
  ]);
}

function troubleOf(plans: readonly SeedPlan[], namespace: string): Partial<Setup> {
  const own = plans.flatMap((plan) => plan.own).filter(({ kind }) => kind !== "write");
  const deleted = own.flatMap((fault) =>
    fault.kind === "delete" && fault.resource === "Service" ? [fault.replId] : [],
  );
  // An operator deletes by name, whosever it is.
  const foreign = own.filter(({ kind, replId }) => kind === "foreign" && !deleted.includes(replId));
  return {
    troubled: own.map(({ replId }) => replId),
    foreign: foreign.map(({ replId }) => `Service/${namespace}/${replId}`),
  };
}

/** Each running repl's start is asked for again, each stopped one's stop; whether all these jobs have ended in time. */
async function askAgain({ intents }: EndState, installation: Installation, recorder: Recorder): Promise<boolean> {
  recorder.add({ type: "again" });
  const orders = intents.filter(({ lastState }) => lastState !== "failed");
  await Promise.all(
    orders.map(({ replId, userId, desired }, index) => {
      const kind = desired === "running" ? ("start" as const) : ("stop" as const);
      const order = { op: `${replId}-again`, kind, replId, userId };
      return sendOrder(installation.apis[index % installation.apis.length] as ApiPlace, order, recorder);
    }),
  );
  return succeeds(untilNoOpenJobs(installation));
}

/** Leaves nothing to the next round. */
async function clear(
  { intents }: EndState,
  plans: readonly SeedPlan[],
  installation: Installation,
  recorder: Recorder,
): Promise<void> {
  const { apis, target, namespace } = installation;
  const foreign = plans.flatMap(({ own }) => own.filter(({ kind }) => kind === "foreign"));
  for (const { replId } of foreign)
    await target.api.request("DELETE", `${collectionOf("Service", namespace)}/${replId}`);
  await Promise.all(
    intents
      .filter(({ desired, lastState }) => desired === "running" || lastState === "failed")
      .map(({ replId, userId }) => insist(apis, { op: `${replId}-clear`, kind: "stop", replId, userId }, recorder)),
  );
  await untilNoOpenJobs(installation);
  await waitFor(async () => (await readObjects(installation, () => true)).length === 0, {
    what: "every resource of the round to be gone",
    timeoutMs: CONVERGE_MS,
    intervalMs: 100,
  });
}
