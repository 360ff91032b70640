import { readFileSync } from "node:fs";
import type { Repl } from "@repl/contract";
import type { KubeObject } from "@repl/kube";
import { MANIFEST_HASH } from "../../src/labels.ts";
import { render } from "../../src/render/render.ts";
import type { Manifest } from "../../src/render/stamp.ts";
import { parseTemplate, type Template } from "../../src/template/parse.ts";

/** The repl for which the answers below `live` were recorded. */
export const REPL: Repl = { replId: "repl123", userId: "auth0|5f7c8ec7c33c6c004bbafe82", generation: 3 };

/** Text of a file below `fixtures`. */
export function fixture(path: string): string {
  return readFileSync(new URL(`../fixtures/${path}`, import.meta.url), "utf8");
}

/** Text of the product's own template. */
export function productTemplate(): string {
  return readFileSync(new URL("../../../../service.yaml", import.meta.url), "utf8");
}

/** A template below `fixtures`. */
export function template(name: "workspace" | "every-kind" | "job"): Template {
  return parseTemplate(fixture(`${name}.yaml`));
}

/** A manifest with the answer of the API server to it, as `live` has it (see the README there). */
export interface Pair {
  readonly manifest: Manifest;
  readonly live: KubeObject;
}

/** Which template each recorded kind was rendered from. */
const SOURCES = {
  Deployment: "workspace",
  Service: "workspace",
  Ingress: "workspace",
  ServiceAccount: "every-kind",
  ConfigMap: "every-kind",
  Secret: "every-kind",
  PersistentVolumeClaim: "every-kind",
  NetworkPolicy: "every-kind",
  StatefulSet: "every-kind",
  Job: "job",
} as const;

export type RecordedKind = keyof typeof SOURCES;
export const RECORDED_KINDS = Object.keys(SOURCES) as RecordedKind[];

/** The manifest of that kind and what the API server made of it. */
export function recorded(kind: RecordedKind): Pair {
  const live = JSON.parse(fixture(`live/${kind.toLowerCase()}.json`)) as KubeObject;
  const manifests = render(template(SOURCES[kind]), REPL, live.metadata.namespace as string);
  const manifest = manifests.find((candidate) => candidate.kind === kind) as Manifest;
  return { manifest, live: withHash(live, manifest.metadata.annotations[MANIFEST_HASH] as string) };
}

/** The recorded hash is that of the day it was recorded; what a hash covers may change, its place may not. */
function withHash(live: KubeObject, hash: string): KubeObject {
  const recordedHash = live.metadata.annotations?.[MANIFEST_HASH];
  if (recordedHash === undefined) throw new Error(`${live.kind} was recorded without ${MANIFEST_HASH}`);
  return JSON.parse(JSON.stringify(live).replaceAll(recordedHash, hash)) as KubeObject;
}

/** Recorded states of a workload or pod, by name. */
export function states(kind: "deployment" | "statefulset" | "job" | "pod"): Record<string, KubeObject> {
  return JSON.parse(fixture(`live/${kind}-states.json`)) as Record<string, KubeObject>;
}
