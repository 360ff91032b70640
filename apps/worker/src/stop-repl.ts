import { type JobChange, PHASES, type Repl } from "@repl/contract";
import { type Attempt, render, stop, toResourceStatuses } from "@repl/provision";
import type { ProvisionDeps } from "./deps.ts";

/** Stops a repl: template → render → delete → wait until gone → result. Stopping what does not run succeeds. */
export async function stopRepl(repl: Repl, attempt: Attempt, deps: ProvisionDeps): Promise<JobChange> {
  const { template, namespace, client, patience } = deps;

  const manifests = render(template, repl, namespace);
  await attempt.report({ phase: "deleting", progress: PHASES.deleting, message: "Deleting the resources." });

  const changes = await stop(manifests, client, attempt, patience);

  const nothing = changes.every(({ action }) => action === "absent");
  return {
    phase: "done",
    progress: PHASES.done,
    message: nothing ? "Resources deleted successfully: there were none." : "Resources deleted successfully.",
    resources: toResourceStatuses(changes, true),
    error: null,
  };
}
