import { Failure } from "@repl/contract";
import { type KubeClient, KubeError, type KubeObject, refOf, subjectOf, withRetry } from "@repl/kube";
import type { Attempt } from "../attempt.ts";
import { ruleOf } from "../kinds.ts";
import { LABELS } from "../labels.ts";
import type { Manifest } from "../render/stamp.ts";
import { type Change, change } from "./change.ts";
import { type Decision, decide } from "./decide.ts";
import { removeResource } from "./remove-resource.ts";
import { replacement } from "./replacement.ts";
import { retryOptions } from "./retry-options.ts";
import { hasSameContent } from "./same-content.ts";
import { find, waitUntilGone } from "./wait-until-gone.ts";

/** How long the stages wait for the cluster. */
export interface Patience {
  /** For an API server that does not answer, before the attempt is given up. */
  readonly unavailableMs: number;
  /** For a resource on its way out. */
  readonly goneMs: number;
}

/** Rounds of read, decide, write before a resource that others keep changing is given up. */
const MOST_ROUNDS = 8;

/** Makes one resource be as its manifest says. */
export function manifestApplier(client: KubeClient, attempt: Attempt, patience: Patience) {
  const { signal } = attempt;
  const retry = retryOptions(attempt, patience.unavailableMs);

  /** Undefined when the name is taken. A repeat after a lost reply finds its own earlier write taking the name. */
  const create = (manifest: Manifest): Promise<KubeObject | undefined> =>
    withRetry(async (triesSoFar) => {
      await attempt.guard();
      try {
        return await client.create(manifest, { signal, triesSoFar });
      } catch (error) {
        if (error instanceof KubeError && (error.class === "already_exists" || error.class === "wait_until_gone"))
          return undefined;
        throw error;
      }
    }, retry);

  /** Undefined when the resource changed since it was read, or was recreated because the server refused the change. */
  const replace = (manifest: Manifest, live: KubeObject): Promise<KubeObject | undefined> =>
    withRetry(async (triesSoFar) => {
      await attempt.guard();
      try {
        return await client.replace(replacement(manifest, live), { signal, triesSoFar });
      } catch (error) {
        if (error instanceof KubeError && (error.class === "reread" || error.class === "gone")) return undefined;
        if (error instanceof KubeError && error.code === "immutable_field" && ruleOf(manifest).recreatable) {
          await remove(live);
          return undefined;
        }
        throw error;
      }
    }, retry);

  const remove = (live: KubeObject): Promise<void> => removeResource(client, attempt, live, retry);

  /** Acts on what is there; undefined means: look again. */
  const reconcile = async (manifest: Manifest, live: KubeObject, decision: Decision): Promise<Change | undefined> => {
    switch (decision) {
      case "keep":
        return change("unchanged", live);
      case "replace": {
        const updated = await replace(manifest, live);
        if (updated === undefined) return undefined;
        return change(hasSameContent(live, updated) ? "unchanged" : "updated", updated);
      }
      case "recreate":
        await remove(live);
        return undefined;
      case "wait":
        await attempt.report({ message: `Waiting for ${subjectOf(refOf(live))} of an earlier run to go.` });
        await waitUntilGone(client, refOf(live), live.metadata.uid ?? "", { signal, ...patience });
        return undefined;
      case "refuse": {
        const subject = subjectOf(refOf(live));
        throw new Failure("resource_conflict", {
          detail: `${subject} was not made by this service for this ${LABELS.repl in manifest.metadata.labels ? "repl" : "user"}.`,
          details: { subject },
        });
      }
    }
  };

  return async (manifest: Manifest): Promise<Change> => {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const created = await create(manifest);
      if (created !== undefined) return change("created", created);
      const live = await find(client, refOf(manifest), retry);
      if (live === undefined) continue;
      const done = await reconcile(manifest, live, decide(manifest, live));
      if (done !== undefined) return done;
    }
    const subject = subjectOf(refOf(manifest));
    throw new Failure("cluster_unavailable", {
      detail: `${subject} kept changing while it was written.`,
      details: { subject },
    });
  };
}
