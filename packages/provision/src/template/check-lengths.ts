import { LONGEST_REPL_ID } from "@repl/contract";
import { at, isObject, listAt } from "../json.ts";
import { KIND_RULES } from "../kinds.ts";
import { PLACEHOLDER, USER_PLACEHOLDER } from "../render/placeholder.ts";
import { placesOf } from "./check-places.ts";
import type { Path, TemplateDocument } from "./document.ts";
import type { TemplateProblem } from "./template-error.ts";

/** Of a label's value and of each label of a host, so of the user's label as well. */
const LONGEST_LABEL = 63;
/** Of a host, and of a name that has to be no label. */
const LONGEST_NAME = 253;

/**
 * A Service's name is a label of its host, a Job's one of its pods. To that of a StatefulSet the controller adds 11
 * characters in a label of its pods, and cannot make them where that is too long: https://github.com/kubernetes/kubernetes/issues/64023
 */
const LONGEST_NAMES: Readonly<Record<string, number>> = {
  Service: LONGEST_LABEL,
  Job: LONGEST_LABEL,
  StatefulSet: LONGEST_LABEL - 11,
};

/** A text whose length has a limit. */
interface Limited {
  readonly path: Path;
  readonly text: unknown;
  readonly what: string;
  readonly most: number;
}

/** What would be too long for the longest replId or the longest user's label, so that a start failed by it. */
export function checkLengths(document: TemplateDocument): TemplateProblem[] {
  return [...nameOf(document), ...labelsOf(document), ...hostsOf(document)].flatMap(({ path, text, what, most }) => {
    const length = typeof text === "string" ? longest(text).length : 0;
    if (length <= most) return [];
    return [document.problem(path, `"${String(text)}" can have ${length} characters: ${what} has at most ${most}`)];
  });
}

function longest(text: string): string {
  const user = "u".repeat(LONGEST_LABEL);
  return text.replaceAll(PLACEHOLDER, "r".repeat(LONGEST_REPL_ID)).replaceAll(USER_PLACEHOLDER, user);
}

function nameOf({ tree }: TemplateDocument): Limited[] {
  const kind = String(tree.kind);
  const most = LONGEST_NAMES[kind] ?? LONGEST_NAME;
  return [{ path: ["metadata", "name"], text: at(tree, "metadata", "name"), what: `the name of a ${kind}`, most }];
}

/** Those of the resource and its pods, and those by which it selects. */
function labelsOf({ tree }: TemplateDocument): Limited[] {
  const selector = KIND_RULES[String(tree.kind)]?.selector?.join(".");
  return placesOf(tree)
    .filter(({ key, path }) => key === "labels" || key === "matchLabels" || path.join(".") === selector)
    .flatMap(({ path, value }) =>
      isObject(value) ? Object.entries(value).map(([key, text]) => label(path, key, text)) : [],
    );
}

function label(path: Path, key: string, text: unknown): Limited {
  return { path: [...path, key], text, what: "the value of a label", most: LONGEST_LABEL };
}

function hostsOf({ tree }: TemplateDocument): Limited[] {
  if (tree.kind === "HTTPRoute") return hosts(tree, ["spec", "hostnames"]);
  if (tree.kind !== "Ingress") return [];
  return [
    ...listAt(tree, "spec", "rules").flatMap((rule, index) => host(["spec", "rules", index, "host"], at(rule, "host"))),
    ...listAt(tree, "spec", "tls").flatMap((_, index) => hosts(tree, ["spec", "tls", index, "hosts"])),
  ];
}

function hosts(tree: TemplateDocument["tree"], path: Path): Limited[] {
  return listAt(tree, ...path).flatMap((text, index) => host([...path, index], text));
}

function host(path: Path, text: unknown): Limited[] {
  if (typeof text !== "string") return [];
  const labels = text.split(".").map((part) => ({ path, text: part, what: "a label of a host", most: LONGEST_LABEL }));
  return [...labels, { path, text, what: "a host", most: LONGEST_NAME }];
}
