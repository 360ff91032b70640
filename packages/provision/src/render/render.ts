import type { Repl } from "@repl/contract";
import { labelsOf } from "../labels.ts";
import type { Template } from "../template/parse.ts";
import { PLACEHOLDERS, valuesOf } from "./placeholder.ts";
import { preparedFor } from "./prepared.ts";
import { type Manifest, stamp } from "./stamp.ts";

const fillsOf = preparedFor(PLACEHOLDERS);

/**
 * The manifests of one repl, in the template's order: placeholders substituted, namespace, labels and the hash of the
 * manifest stamped on each and on its pods. The same input gives the same output, byte for byte.
 */
export function render(template: Template, repl: Repl, namespace: string): Manifest[] {
  const labels = labelsOf(repl);
  const values = valuesOf(repl);
  return fillsOf(template).map((fill) => stamp(fill(values), labels, namespace));
}
