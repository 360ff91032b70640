import { at, listAt } from "../json.ts";
import type { KindRule } from "../kinds.ts";
import { PLACEHOLDER, USER_PLACEHOLDER } from "../render/placeholder.ts";
import { checkJob } from "./check-job.ts";
import { checkKind, isRule } from "./check-kind.ts";
import { checkLengths } from "./check-lengths.ts";
import { checkMetadata } from "./check-metadata.ts";
import { checkPlaces } from "./check-places.ts";
import { checkPods } from "./check-pods.ts";
import { checkRoutes } from "./check-routes.ts";
import { checkSecret } from "./check-secret.ts";
import { checkService } from "./check-service.ts";
import type { TemplateDocument } from "./document.ts";
import { isOwn, textsOf } from "./patterns.ts";
import type { TemplateProblem } from "./template-error.ts";

/** The problems of one document of a repl's template by itself. */
export function checkDocument(document: TemplateDocument): TemplateProblem[] {
  const rule = checkKind(document, "repl");
  if (!isRule(rule)) return [rule];
  return [
    ...checkName(document),
    ...checkClaimTemplates(document),
    ...checkMetadata(document, rule),
    ...checkPlaces(document),
    ...checkSelector(document, rule),
    ...checkPods(document),
    ...checkJob(document),
    ...checkSecret(document),
    ...checkService(document),
    ...checkRoutes(document),
    ...checkLengths(document),
  ];
}

const USER_IN_NAME = `metadata.name holds ${USER_PLACEHOLDER}, which may have characters that no name may have`;

function checkName({ tree, problem }: TemplateDocument): TemplateProblem[] {
  const name = at(tree, "metadata", "name");
  if (typeof name !== "string") return [problem(["metadata", "name"], "metadata.name is missing")];
  if (name.includes(USER_PLACEHOLDER)) return [problem(["metadata", "name"], USER_IN_NAME)];
  if (name.includes(PLACEHOLDER)) return [];
  return [
    problem(
      ["metadata", "name"],
      `metadata.name ${JSON.stringify(name)} lacks ${PLACEHOLDER}: every repl would share this ${String(tree.kind)}`,
    ),
  ];
}

function checkClaimTemplates({ tree, problem }: TemplateDocument): TemplateProblem[] {
  return listAt(tree, "spec", "volumeClaimTemplates").flatMap((claim, index) =>
    String(at(claim, "metadata", "name")).includes(USER_PLACEHOLDER)
      ? [problem(["spec", "volumeClaimTemplates", index, "metadata", "name"], USER_IN_NAME)]
      : [],
  );
}

function checkSelector({ tree, problem }: TemplateDocument, { selector }: KindRule): TemplateProblem[] {
  if (selector === undefined) return [];
  const found = at(tree, ...selector);
  const holding = textsOf(found).filter((text) => text.includes(PLACEHOLDER));
  if (holding.some(isOwn)) return [];
  const [first] = holding;
  const what =
    first === undefined
      ? `lacks ${PLACEHOLDER}`
      : `has ${PLACEHOLDER} and ${USER_PLACEHOLDER} in one text (${first}), not in two labels`;
  return [problem(selector, `${selector.join(".")} ${what}: it would select the pods of other repls`)];
}
