import type { Repl } from "@repl/contract";
import { outlivesItsRepl } from "../kinds.ts";
import { valuesOf } from "../render/placeholder.ts";
import { substitute } from "../render/substitute.ts";
import type { Template } from "../template/parse.ts";
import type { WantedResource } from "./compare.ts";

/** What a repl that runs has: all of its template but claims, which outlive it. */
export function wantedResources(template: Template, repl: Repl): WantedResource[] {
  const values = valuesOf(repl);
  return template.manifests
    .filter((manifest) => !outlivesItsRepl(manifest))
    .map(({ kind, metadata }) => ({ kind, name: substitute(metadata.name, values) }));
}
