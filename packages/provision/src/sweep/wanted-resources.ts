import type { Repl } from "@repl/contract";
import { outlivesItsRepl } from "../kinds.ts";
import { PLACEHOLDERS, valuesOf } from "../render/placeholder.ts";
import { prepare } from "../render/substitute.ts";
import type { Template } from "../template/parse.ts";
import type { WantedResource } from "./compare.ts";

/** What a repl that runs has, for any repl of the template: all of it but claims, which outlive their repl. */
export function wantedResources(template: Template): (repl: Repl) => WantedResource[] {
  const wanted = template.manifests
    .filter((manifest) => !outlivesItsRepl(manifest))
    .map(({ kind, metadata }) => ({ kind, nameOf: prepare(metadata.name, PLACEHOLDERS) }));
  return (repl) => {
    const values = valuesOf(repl);
    return wanted.map(({ kind, nameOf }) => ({ kind, name: nameOf(values) }));
  };
}
