import type { KubeObject } from "@repl/kube";
import { ruleOf, type Wave } from "../kinds.ts";
import type { Manifest } from "../render/stamp.ts";

/** What to apply, in three waves; the manifests of one wave do not depend on each other. */
export interface Plan {
  readonly before: readonly Manifest[];
  readonly workload: Manifest;
  /** Get an owner reference to the workload, so that they die with it. */
  readonly after: readonly Manifest[];
}

/** Puts a repl's manifests into their order. A template has exactly one workload (checked when it was parsed). */
export function plan(manifests: readonly Manifest[]): Plan {
  const inWave = (wave: Wave) => manifests.filter((manifest) => ruleOf(manifest).wave === wave);
  const [workload] = inWave("workload");
  if (workload === undefined) throw new TypeError("the manifests hold no workload");
  return { before: inWave("before"), workload, after: inWave("after") };
}

/** A manifest that belongs to the workload of that uid. */
export function ownedBy(manifest: Manifest, workload: KubeObject): Manifest {
  const { apiVersion, kind, metadata } = workload;
  const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? "" };
  return { ...manifest, metadata: { ...manifest.metadata, ownerReferences: [owner] } };
}
