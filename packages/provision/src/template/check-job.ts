import { at } from "../json.ts";
import type { TemplateDocument } from "./document.ts";
import type { TemplateProblem } from "./template-error.ts";

/** What a Job may say that would reach other repls' pods or have its own started without end. */
const FORBIDDEN: readonly { field: string; unless?: unknown; message: string }[] = [
  { field: "manualSelector", unless: false, message: "a Job selects its own pods" },
  {
    field: "ttlSecondsAfterFinished",
    message: "once the cluster has deleted the ended Job, the sweep would start the repl again",
  },
];

/** Fields of a Job that are not for a template to say. */
export function checkJob({ tree, problem }: TemplateDocument): TemplateProblem[] {
  if (tree.kind !== "Job") return [];
  return FORBIDDEN.filter(({ field, unless }) => {
    const value = at(tree, "spec", field);
    return value !== undefined && value !== unless;
  }).map(({ field, message }) => problem(["spec", field], `spec.${field} is not allowed: ${message}`));
}
