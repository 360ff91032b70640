import type { KubeObject } from "@repl/kube";
import type { Template } from "../template/parse.ts";
import { type Fill, prepare } from "./substitute.ts";

/** Prepares each template once for these placeholders: a worker makes many copies of the same one. */
export function preparedFor(placeholders: readonly string[]): (template: Template) => readonly Fill<KubeObject>[] {
  const known = new WeakMap<Template, readonly Fill<KubeObject>[]>();
  return (template) => {
    const fills = known.get(template) ?? template.manifests.map((manifest) => prepare(manifest, placeholders));
    known.set(template, fills);
    return fills;
  };
}
