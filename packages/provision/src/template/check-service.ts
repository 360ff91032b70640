import { at, listAt } from "../json.ts";
import type { TemplateDocument } from "./document.ts";
import type { TemplateProblem } from "./template-error.ts";

/** Services that take addresses or ports that all repls share, or that reach beyond the cluster's own network. */
export function checkService({ tree, problem }: TemplateDocument): TemplateProblem[] {
  if (tree.kind !== "Service") return [];
  const type = at(tree, "spec", "type");
  const problems: TemplateProblem[] = [];
  if (type !== undefined && type !== "ClusterIP") {
    problems.push(problem(["spec", "type"], `a Service of type ${String(type)} is not allowed; leave spec.type out`));
  }
  for (const field of ["clusterIPs", "externalIPs", "externalName", "loadBalancerIP"]) {
    if (at(tree, "spec", field) !== undefined)
      problems.push(problem(["spec", field], `spec.${field} is not allowed in a template`));
  }
  const clusterIP = at(tree, "spec", "clusterIP");
  if (clusterIP !== undefined && clusterIP !== "None") {
    problems.push(problem(["spec", "clusterIP"], `the address ${String(clusterIP)} can belong to one repl only`));
  }
  listAt(tree, "spec", "ports").forEach((port, index) => {
    if (at(port, "nodePort") !== undefined) {
      problems.push(problem(["spec", "ports", index, "nodePort"], "nodePort is not allowed: all repls would share it"));
    }
  });
  return problems;
}
