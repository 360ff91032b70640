import { KIND_RULES, type KindRule, kindsOf, type TemplateName } from "../kinds.ts";
import type { TemplateDocument } from "./document.ts";
import type { TemplateProblem } from "./template-error.ts";

/** The rule of a document's kind, or what is wrong with the kind or its apiVersion in a template of that name. */
export function checkKind(document: TemplateDocument, name: TemplateName): KindRule | TemplateProblem {
  const rule = knownRule(document, name);
  return rule === undefined || document.tree.apiVersion !== rule.apiVersion ? wrongKind(document, rule, name) : rule;
}

/** Whether {@link checkKind} found a rule and not a problem. */
export function isRule(found: KindRule | TemplateProblem): found is KindRule {
  return "wave" in found;
}

function knownRule({ tree: { kind } }: TemplateDocument, name: TemplateName): KindRule | undefined {
  return typeof kind === "string" && kindsOf(name).includes(kind) ? KIND_RULES[kind] : undefined;
}

function wrongKind(
  { tree, problem }: TemplateDocument,
  rule: KindRule | undefined,
  name: TemplateName,
): TemplateProblem {
  const { kind, apiVersion } = tree;
  if (rule !== undefined) {
    const found = apiVersion === undefined ? "" : `, not ${JSON.stringify(apiVersion)}`;
    return problem(["apiVersion"], `${String(kind)} needs apiVersion ${rule.apiVersion}${found}`);
  }
  const known = `allowed are ${kindsOf(name).join(", ")}`;
  if (kind === undefined) return problem([], `kind is missing; ${known}`);
  return problem(["kind"], `kind ${JSON.stringify(kind)} is not allowed in a template; ${known}`);
}
