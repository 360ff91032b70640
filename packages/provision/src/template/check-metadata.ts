import { at } from "../json.ts";
import type { KindRule } from "../kinds.ts";
import type { TemplateDocument } from "./document.ts";
import type { TemplateProblem } from "./template-error.ts";

/** Metadata that is not for a template to say. */
export function checkMetadata(document: TemplateDocument, rule: KindRule): TemplateProblem[] {
  return [...checkNamespace(document), ...checkForeign(document, rule)];
}

function checkNamespace({ tree, problem }: TemplateDocument): TemplateProblem[] {
  if (at(tree, "metadata", "namespace") === undefined) return [];
  return [problem(["metadata", "namespace"], "metadata.namespace is the worker's to set (NAMESPACE); remove it")];
}

/** Fields of metadata that only this service or the cluster may write; pods inherit the finalizers of their template. */
const FOREIGN_METADATA = ["ownerReferences", "finalizers", "generateName", "uid", "resourceVersion"];

function checkForeign({ tree, problem }: TemplateDocument, { podTemplate }: KindRule): TemplateProblem[] {
  const places = [["metadata"], ...(podTemplate.length > 0 ? [[...podTemplate, "metadata"]] : [])];
  return places.flatMap((place) =>
    FOREIGN_METADATA.filter((field) => at(tree, ...place, field) !== undefined).map((field) =>
      problem([...place, field], `${[...place, field].join(".")} must not be set in a template`),
    ),
  );
}
