import { at, isObject } from "../json.ts";
import { KIND_RULES, type KindRule } from "../kinds.ts";
import { PLACEHOLDER } from "../render/placeholder.ts";
import { checkPlaces } from "./check-places.ts";
import { checkPods } from "./check-pods.ts";
import { checkRoutes } from "./check-routes.ts";
import { checkSecret } from "./check-secret.ts";
import { checkService } from "./check-service.ts";
import type { TemplateDocument } from "./document.ts";
import type { TemplateProblem } from "./template-error.ts";

/** The problems of one document by itself. */
export function checkDocument(document: TemplateDocument): TemplateProblem[] {
  const rule = knownRule(document);
  if (rule === undefined || document.tree.apiVersion !== rule.apiVersion) return [wrongKind(document, rule)];
  return [
    ...checkName(document),
    ...checkNamespace(document),
    ...checkMetadata(document, rule),
    ...checkPlaces(document),
    ...checkSelector(document, rule),
    ...checkPods(document),
    ...checkSecret(document),
    ...checkService(document),
    ...checkRoutes(document),
  ];
}

function knownRule({ tree: { kind } }: TemplateDocument): KindRule | undefined {
  return typeof kind === "string" && Object.hasOwn(KIND_RULES, kind) ? KIND_RULES[kind] : undefined;
}

function wrongKind({ tree, problem }: TemplateDocument, rule: KindRule | undefined): TemplateProblem {
  const { kind, apiVersion } = tree;
  if (rule !== undefined) {
    const found = apiVersion === undefined ? "" : `, not ${JSON.stringify(apiVersion)}`;
    return problem(["apiVersion"], `${String(kind)} needs apiVersion ${rule.apiVersion}${found}`);
  }
  const known = `allowed are ${Object.keys(KIND_RULES).join(", ")}`;
  if (kind === undefined) return problem([], `kind is missing; ${known}`);
  return problem(["kind"], `kind ${JSON.stringify(kind)} is not allowed in a template; ${known}`);
}

function checkName({ tree, problem }: TemplateDocument): TemplateProblem[] {
  const name = at(tree, "metadata", "name");
  if (typeof name !== "string") return [problem(["metadata", "name"], "metadata.name is missing")];
  if (name.includes(PLACEHOLDER)) return [];
  return [
    problem(
      ["metadata", "name"],
      `metadata.name ${JSON.stringify(name)} lacks ${PLACEHOLDER}: every repl would share this ${String(tree.kind)}`,
    ),
  ];
}

function checkNamespace({ tree, problem }: TemplateDocument): TemplateProblem[] {
  if (at(tree, "metadata", "namespace") === undefined) return [];
  return [problem(["metadata", "namespace"], "metadata.namespace is the worker's to set (NAMESPACE); remove it")];
}

/** Fields of metadata that only this service or the cluster may write; pods inherit the finalizers of their template. */
const FOREIGN_METADATA = ["ownerReferences", "finalizers", "generateName", "uid", "resourceVersion"];

function checkMetadata({ tree, problem }: TemplateDocument, { podTemplate }: KindRule): TemplateProblem[] {
  const places = [["metadata"], ...(podTemplate.length > 0 ? [[...podTemplate, "metadata"]] : [])];
  return places.flatMap((place) =>
    FOREIGN_METADATA.filter((field) => at(tree, ...place, field) !== undefined).map((field) =>
      problem([...place, field], `${[...place, field].join(".")} must not be set in a template`),
    ),
  );
}

function checkSelector({ tree, problem }: TemplateDocument, { selector }: KindRule): TemplateProblem[] {
  if (at(tree, "spec", "manualSelector") === true) {
    return [problem(["spec", "manualSelector"], "spec.manualSelector is not allowed: a Job selects its own pods")];
  }
  if (selector === undefined) return [];
  const found = at(tree, ...selector);
  if (isObject(found) && JSON.stringify(found).includes(PLACEHOLDER)) return [];
  return [problem(selector, `${selector.join(".")} lacks ${PLACEHOLDER}: it would select the pods of other repls`)];
}
