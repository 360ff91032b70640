import { type JobChange, PHASES, type Repl } from "@repl/contract";
import {
  type Attempt,
  apply,
  plan,
  render,
  toResourceStatuses,
  urlsOf,
  waitUntilAnswering,
  waitUntilReady,
} from "@repl/provision";
import type { ProvisionDeps } from "./deps.ts";

/** Starts a repl: template → render → plan → apply → wait (pods, address) → result. Repeating it is harmless. */
export async function startRepl(repl: Repl, attempt: Attempt, deps: ProvisionDeps): Promise<JobChange> {
  const { template, namespace, client, view, patience, graces, startTimeoutMs, answering } = deps;

  const manifests = render(template, repl, namespace);
  await attempt.report({ phase: "applying", progress: PHASES.applying, message: "Creating the resources." });

  const { workload, changes } = await apply(plan(manifests), client, attempt, patience);
  await attempt.report({ resources: toResourceStatuses(changes, false) });

  await waitUntilReady(workload.object, repl.replId, { view, attempt, graces, deadlineMs: startTimeoutMs });
  await waitUntilAnswering(manifests, client, attempt, answering);

  const urls = urlsOf(manifests);
  const where = urls.length > 0 ? ` The workspace answers at ${urls.join(" and ")}.` : "";
  return {
    phase: "done",
    progress: PHASES.done,
    message: `Resources created successfully.${where}`,
    resources: toResourceStatuses(changes, true),
    urls,
    error: null,
  };
}
