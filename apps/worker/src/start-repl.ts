import { type JobChange, PHASES, type Repl } from "@repl/contract";
import {
  type Attempt,
  apply,
  plan,
  render,
  stop,
  strayManifests,
  toResourceStatuses,
  urlsOf,
  waitUntilAnswering,
  waitUntilReady,
} from "@repl/provision";
import type { ProvisionDeps } from "./deps.ts";
import { withNews } from "./with-news.ts";

/** Starts a repl: template → render → home → plan → apply → wait (pods, address) → result. Repeating it is harmless. */
export async function startRepl(repl: Repl, attempt: Attempt, deps: ProvisionDeps): Promise<JobChange> {
  const { template, homes, reach, client, view, patience, graces, startTimeoutMs, answering, tracer } = deps;

  const home = homes.namespaceOf(repl.userId);
  const manifests = tracer.run("render", () => render(template, repl, home));
  // Not waited for: Redis takes it before the guard of the first write, and answers both at once.
  const told = attempt.report({ phase: "applying", progress: PHASES.applying, message: "Creating the resources." });
  const write = async () => {
    const strays = await strayManifests(template, repl, home, attempt, { view, reach, ...patience });
    await stop(strays, client, attempt, patience);
    return apply(plan(manifests), client, attempt, patience);
  };
  const applying = tracer.run("apply", () => homes.within(repl.userId, attempt, write));
  await Promise.allSettled([told, applying]); // None may still be writing when the attempt ends.
  await told;
  const { workload, changes } = await applying;

  await withNews(attempt, { resources: toResourceStatuses(changes, false) }, async (waiting) => {
    const ready = { view, attempt: waiting, graces, deadlineMs: startTimeoutMs };
    await tracer.run("wait until ready", () => waitUntilReady(workload.object, repl.replId, ready));
    await tracer.run("wait until answering", () => waitUntilAnswering(manifests, client, waiting, answering));
  });

  const urls = urlsOf(manifests);
  const where = urls.length > 0 ? ` The workspace is at ${urls.join(" and ")}.` : "";
  return {
    phase: "done",
    progress: PHASES.done,
    message: `Resources created successfully.${where}`,
    resources: toResourceStatuses(changes, true),
    urls,
    error: null,
  };
}
