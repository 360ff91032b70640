import type { KubeObject } from "@repl/kube";
import { checkDocument } from "./check.ts";
import { checkTogether } from "./check-together.ts";
import { checkUserNamespace } from "./check-user-namespace.ts";
import type { TemplateDocument } from "./document.ts";
import { readDocuments } from "./read-documents.ts";
import { TemplateError, type TemplateProblem } from "./template-error.ts";

/** A checked template: manifests that still hold their placeholders, in the order of the file. */
export interface Template {
  readonly manifests: readonly KubeObject[];
}

/**
 * Parses and checks the template of a repl once, so that no start has to.
 * @throws {TemplateError} naming every problem with document and line
 */
export function parseTemplate(text: string): Template {
  return parse(text, (documents) => [...documents.flatMap(checkDocument), ...checkTogether(documents)]);
}

/**
 * Parses and checks the template of a user's namespace: one Namespace and what belongs in it.
 * @throws {TemplateError} naming every problem with document and line
 */
export function parseUserNamespace(text: string): Template {
  return parse(text, checkUserNamespace);
}

function parse(text: string, check: (documents: TemplateDocument[]) => TemplateProblem[]): Template {
  const documents = readDocuments(text);
  const problems = check(documents);
  if (problems.length > 0) throw new TemplateError(problems);
  return { manifests: documents.map(({ tree }) => tree as unknown as KubeObject) };
}
