import { at } from "../json.ts";
import { NAMESPACE_PLACEHOLDER, PLACEHOLDER } from "../render/placeholder.ts";
import { checkKind, isRule } from "./check-kind.ts";
import { checkMetadata } from "./check-metadata.ts";
import { checkPlaces } from "./check-places.ts";
import { checkDuplicates } from "./check-together.ts";
import type { TemplateDocument } from "./document.ts";
import type { TemplateProblem } from "./template-error.ts";

/** The problems of the template of a user's namespace. */
export function checkUserNamespace(documents: readonly TemplateDocument[]): TemplateProblem[] {
  return [...documents.flatMap(checkDocument), ...checkDuplicates(documents), ...checkNamespaces(documents)];
}

function checkDocument(document: TemplateDocument): TemplateProblem[] {
  const rule = checkKind(document, "user-namespace");
  if (!isRule(rule)) return [rule];
  return [
    ...checkName(document),
    ...checkMetadata(document, rule),
    ...checkPlaces(document),
    ...checkPlaceholder(document),
  ];
}

function checkName({ tree, problem }: TemplateDocument): TemplateProblem[] {
  const name = at(tree, "metadata", "name");
  if (typeof name !== "string") return [problem(["metadata", "name"], "metadata.name is missing")];
  if (tree.kind !== "Namespace" || name === NAMESPACE_PLACEHOLDER) return [];
  return [
    problem(["metadata", "name"], `the Namespace must be named ${NAMESPACE_PLACEHOLDER}, which becomes its name`),
  ];
}

function checkPlaceholder({ tree, problem }: TemplateDocument): TemplateProblem[] {
  if (!JSON.stringify(tree).includes(PLACEHOLDER)) return [];
  return [problem([], `nothing replaces ${PLACEHOLDER} here: a namespace is for all repls of its user`)];
}

function checkNamespaces(documents: readonly TemplateDocument[]): TemplateProblem[] {
  const namespaces = documents.filter(({ tree }) => tree.kind === "Namespace");
  const culprit = namespaces[1] ?? documents[0];
  if (namespaces.length === 1 || culprit === undefined) return [];
  return [culprit.problem(["kind"], `a user's namespace needs exactly one Namespace; this has ${namespaces.length}`)];
}
