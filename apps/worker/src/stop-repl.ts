import { type JobChange, PHASES, type Repl } from "@repl/contract";
import { type Attempt, render, stop, strayManifests, toResourceStatuses } from "@repl/provision";
import type { ProvisionDeps } from "./deps.ts";

/** Stops a repl: template → render → delete → wait until gone → result. Stopping what does not run succeeds. */
export async function stopRepl(repl: Repl, attempt: Attempt, deps: ProvisionDeps): Promise<JobChange> {
  const { template, homes, reach, client, view, patience, tracer } = deps;

  const home = homes.namespaceOf(repl.userId);
  const manifests = tracer.run("render", () => render(template, repl, home));
  await attempt.report({ phase: "deleting", progress: PHASES.deleting, message: "Deleting the resources." });

  const strays = await strayManifests(template, repl, home, attempt, { view, reach, ...patience });
  const changes = await tracer.run("stop", () => stop([...manifests, ...strays], client, attempt, patience));

  const nothing = changes.every(({ action }) => action === "absent");
  return {
    phase: "done",
    progress: PHASES.done,
    message: nothing ? "Resources deleted successfully: there were none." : "Resources deleted successfully.",
    resources: toResourceStatuses(changes, true),
    error: null,
  };
}
