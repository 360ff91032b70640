import { Failure } from "@repl/contract";
import { type KubeClient, KubeError, type ResourceRef, subjectOf } from "@repl/kube";
import type { Log } from "@repl/ops";
import { explain } from "@repl/provision";
import { report } from "./report.ts";

/** A resource as it was listed. */
export interface ListedResource extends ResourceRef {
  readonly uid: string;
  readonly resourceVersion: string;
}

/**
 * Deletes the very resource that was listed, unchanged since: a start that has made it anew or its own meanwhile keeps
 * it. What it owns goes with it. One that the API server refuses to delete is told of, and keeps no other from going.
 * @throws {KubeError} where the API server does not answer
 */
export async function removeOrphan(
  resource: ListedResource,
  because: string,
  { client, log }: { readonly client: KubeClient; readonly log: Log },
  signal: AbortSignal,
): Promise<"delete" | "report"> {
  const { uid, resourceVersion } = resource;
  const subject = subjectOf(resource);
  log.warn({ subject, because }, "the sweep deletes an orphan");
  try {
    await client.remove(resource, { uid, resourceVersion, propagation: "Background", signal });
  } catch (error) {
    if (!(error instanceof KubeError) || error.status === undefined) throw error;
    if (error.class !== "gone" && error.class !== "reread") return report(subject, sentenceOf(error), log);
  }
  return "delete";
}

function sentenceOf(error: KubeError): string {
  const failure = explain(error);
  return failure instanceof Failure ? failure.message : error.message;
}
