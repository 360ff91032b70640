import { at } from "../json.ts";
import type { TemplateDocument } from "./document.ts";
import type { TemplateProblem } from "./template-error.ts";

/** Types of Secret that are credentials of the cluster itself. */
const CLUSTER_CREDENTIALS = /^(kubernetes\.io\/service-account-token|bootstrap\.kubernetes\.io\/)/;

/** Secrets that the cluster would fill with its own credentials, for a pod to mount. */
export function checkSecret({ tree, problem }: TemplateDocument): TemplateProblem[] {
  if (tree.kind !== "Secret" || !CLUSTER_CREDENTIALS.test(String(at(tree, "type")))) return [];
  return [
    problem(["type"], `a Secret of type ${String(tree.type)} is not allowed: it holds credentials of the cluster`),
  ];
}
