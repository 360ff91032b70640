import type { Repl } from "@repl/contract";
import type { KubeObject } from "@repl/kube";
import { labelsOf } from "../labels.ts";
import type { Template } from "../template/parse.ts";
import { PLACEHOLDERS, valuesOf } from "./placeholder.ts";
import { type Manifest, stamp } from "./stamp.ts";
import { type Fill, prepare } from "./substitute.ts";

/** A worker renders the same template for each start. */
const prepared = new WeakMap<Template, readonly Fill<KubeObject>[]>();

/**
 * The manifests of one repl, in the template's order: placeholders substituted, namespace, labels and the hash of the
 * manifest stamped on each and on its pods. The same input gives the same output, byte for byte.
 */
export function render(template: Template, repl: Repl, namespace: string): Manifest[] {
  const labels = labelsOf(repl);
  const values = valuesOf(repl);
  return fillsOf(template).map((fill) => stamp(fill(values), labels, namespace));
}

function fillsOf(template: Template): readonly Fill<KubeObject>[] {
  const known = prepared.get(template);
  if (known !== undefined) return known;
  const fills = template.manifests.map((manifest) => prepare(manifest, PLACEHOLDERS));
  prepared.set(template, fills);
  return fills;
}
