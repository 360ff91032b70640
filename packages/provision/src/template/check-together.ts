import { at } from "../json.ts";
import { KIND_RULES } from "../kinds.ts";
import { checkClaims } from "./check-claims.ts";
import { checkReferences } from "./check-references.ts";
import type { TemplateDocument } from "./document.ts";
import type { TemplateProblem } from "./template-error.ts";

/** The problems of a repl's template that no document has by itself. */
export function checkTogether(documents: readonly TemplateDocument[]): TemplateProblem[] {
  const workloads = documents.filter(({ tree }) => KIND_RULES[String(tree.kind)]?.wave === "workload");
  return [
    ...checkDuplicates(documents),
    ...checkWorkload(documents, workloads),
    ...checkClaims(documents),
    ...checkReferences(documents, workloads.length === 1 ? workloads[0] : undefined),
  ];
}

/** Documents of one kind and name. */
export function checkDuplicates(documents: readonly TemplateDocument[]): TemplateProblem[] {
  const seen = new Set<string>();
  return documents.flatMap(({ tree, problem }) => {
    const subject = `${String(tree.kind)} ${JSON.stringify(at(tree, "metadata", "name"))}`;
    if (!seen.has(subject)) {
      seen.add(subject);
      return [];
    }
    return [problem(["metadata", "name"], `${subject} stands in the template twice`)];
  });
}

/** One workload owns what belongs to a repl; with two of them it would be unclear what `ready` and `stopped` mean. */
function checkWorkload(
  documents: readonly TemplateDocument[],
  workloads: readonly TemplateDocument[],
): TemplateProblem[] {
  if (workloads.length === 1) return [];
  const culprit = workloads[1] ?? documents[0];
  const kinds = Object.keys(KIND_RULES).filter((kind) => KIND_RULES[kind]?.wave === "workload");
  return culprit === undefined
    ? []
    : [
        culprit.problem(
          ["kind"],
          `a template needs exactly one of ${kinds.join(", ")}; this one has ${workloads.length}`,
        ),
      ];
}
