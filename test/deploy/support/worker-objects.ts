import { readFileSync } from "node:fs";
import { find, type Manifest, parseManifests } from "./kustomize.ts";

const TEMPLATE = readFileSync(new URL("../../../service.yaml", import.meta.url), "utf8");

/** What the worker stamps on everything of a repl. */
export const OUR_LABELS = {
  "app.kubernetes.io/managed-by": "repl-orchestrator",
  "repl-orchestrator.dev/repl": "repl1",
  "repl-orchestrator.dev/user": "alice",
  "repl-orchestrator.dev/generation": "1",
};

/** An object of service.yaml as the worker would write it for `repl1` into `namespace`. */
export function workerObject(kind: "Deployment" | "Service" | "Ingress", namespace = "repls"): Manifest {
  const name = kind === "Ingress" ? "repl1-ingress" : "repl1";
  const manifest = find(parseManifests(TEMPLATE.replaceAll("service_name", "repl1")), kind, name);
  return { ...manifest, metadata: { ...manifest.metadata, namespace, labels: OUR_LABELS } };
}

/** The same after a change of it, of its pods' spec or of its first container. */
export function changed(manifest: Manifest, change: (copy: Manifest) => void): Manifest {
  const copy = structuredClone(manifest);
  change(copy);
  return copy;
}
export const withPods = (change: (spec: Record<string, unknown>) => void): Manifest =>
  changed(workerObject("Deployment"), (copy) => change(copy["spec"].template.spec));
export const withContainer = (change: Record<string, unknown>): Manifest =>
  changed(workerObject("Deployment"), (copy) => Object.assign(copy["spec"].template.spec.containers[0], change));
export const withSecurity = (change: Record<string, unknown>): Manifest =>
  changed(workerObject("Deployment"), (copy) =>
    Object.assign(copy["spec"].template.spec.containers[0].securityContext, change),
  );
