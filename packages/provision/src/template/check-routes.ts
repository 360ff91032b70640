import { at, isObject, listAt } from "../json.ts";
import { ADDRESS } from "../labels.ts";
import { PLACEHOLDER, USER_PLACEHOLDER } from "../render/placeholder.ts";
import type { Path, TemplateDocument } from "./document.ts";
import { isOwn } from "./patterns.ts";
import type { TemplateProblem } from "./template-error.ts";

/**
 * Annotations by which an Ingress writes into its controller's configuration, claims hosts or paths or sends requests
 * elsewhere. `use-regex` (ingress-nginx) and `path-regex` (NGINX's own) make regular expressions of paths whatever their type,
 * the former of all paths of the host.
 */
const DANGEROUS_ANNOTATION =
  /-snippets?$|\/auth-|\/mirror-|\/(rewrite-target|use-regex|path-regex|server-alias|upstream-vhost|permanent-redirect|temporal-redirect)$/;

/** What may end the directive that a path becomes in a controller's configuration. */
const UNSAFE_IN_PATH = /[;{}"'\\\s]/;

/**
 * The only types by which a path is nobody else's: whole elements of the path are compared. `ImplementationSpecific` is a
 * beginning in ingress-nginx (`/a` matches `/ab`), and a regular expression may match anything.
 */
const PLAIN_TYPES: readonly unknown[] = ["Exact", "Prefix", "PathPrefix"];

/** One path of a route as it stands there; without a type the API server refuses it, or takes a plain one. */
interface ClaimedPath {
  readonly path: unknown;
  readonly type: unknown;
}

/** Hosts and paths that several repls would claim, and what reaches into the ingress controller. */
export function checkRoutes(document: TemplateDocument): TemplateProblem[] {
  if (document.tree.kind === "Ingress") return [...checkAddress(document), ...checkIngress(document)];
  if (document.tree.kind === "HTTPRoute") return [...checkAddress(document), ...checkHttpRoute(document)];
  return [];
}

function checkIngress(document: TemplateDocument): TemplateProblem[] {
  const { tree, problem } = document;
  const problems = [...checkAnnotations(document)];
  if (at(tree, "spec", "defaultBackend") !== undefined) {
    problems.push(problem(["spec", "defaultBackend"], "spec.defaultBackend would catch the requests of all repls"));
  }
  listAt(tree, "spec", "rules").forEach((rule, index) => {
    const host = at(rule, "host");
    const paths = listAt(rule, "http", "paths").map((path) => ({ path: at(path, "path"), type: at(path, "pathType") }));
    problems.push(...checkClaim(document, ["spec", "rules", index], host, paths));
  });
  return problems;
}

function checkHttpRoute(document: TemplateDocument): TemplateProblem[] {
  const { tree } = document;
  const paths = listAt(tree, "spec", "rules").flatMap((rule) => {
    const matches = listAt(rule, "matches");
    // A rule without matches is for every path.
    return (matches.length === 0 ? [{}] : matches).map((match) => ({
      path: at(match, "path", "value"),
      type: at(match, "path", "type"),
    }));
  });
  const hosts = listAt(tree, "spec", "hostnames");
  const claims = hosts.length > 0 ? hosts : [undefined];
  return claims.flatMap((host, index) => checkClaim(document, ["spec", "hostnames", index], host, paths));
}

/** A host, or else every path, must hold the placeholder: otherwise two repls would claim the same address. */
function checkClaim(
  { problem }: TemplateDocument,
  path: Path,
  host: unknown,
  claimed: readonly ClaimedPath[],
): TemplateProblem[] {
  if (typeof host === "string" && host.startsWith("*"))
    return [problem(path, `the wildcard host ${host} would claim every repl's address`)];
  const paths = claimed.map((one) => one.path);
  const unsafe = paths.find((value) => typeof value === "string" && UNSAFE_IN_PATH.test(value));
  if (unsafe !== undefined)
    return [problem(path, `the path ${JSON.stringify(unsafe)} holds characters that are not allowed`)];
  if (typeof host === "string" && host.includes(USER_PLACEHOLDER))
    return [
      problem(path, `the host ${host} holds ${USER_PLACEHOLDER}, which may have characters that no host may have`),
    ];
  if (holdsPlaceholder(host)) return [];
  if (paths.length === 0 || !paths.every(holdsPlaceholder))
    return [
      problem(path, `neither the host nor every path holds ${PLACEHOLDER}: all repls would claim the same address`),
    ];
  const shared = paths.filter((value) => !isOwn(value)).map((value) => sharedSentence(value));
  return [...shared, ...claimed.filter(isPattern).map(patternSentence)].map((message) => problem(path, message));
}

function holdsPlaceholder(value: unknown): value is string {
  return typeof value === "string" && value.includes(PLACEHOLDER);
}

function sharedSentence(path: string): string {
  const remedy = `between ${PLACEHOLDER} and ${USER_PLACEHOLDER} has to stand one of . _ /`;
  return `the path ${JSON.stringify(path)} can be that of another user's repl: ${remedy}`;
}

function isPattern({ type }: ClaimedPath): boolean {
  return type !== undefined && !PLAIN_TYPES.includes(type);
}

function patternSentence({ path, type }: ClaimedPath): string {
  const what = `the path ${JSON.stringify(path)} is of type ${String(type)}, which may match the paths of other repls`;
  return `${what}: on a host without ${PLACEHOLDER} only Exact, Prefix and PathPrefix are allowed`;
}

function checkAddress({ tree, problem }: TemplateDocument): TemplateProblem[] {
  const address = at(tree, "metadata", "annotations", ADDRESS);
  if (address === undefined || isOrigin(address)) return [];
  return [
    problem(["metadata", "annotations", ADDRESS], `${ADDRESS}: expected http://host[:port] or https://host[:port]`),
  ];
}

function isOrigin(value: unknown): boolean {
  return typeof value === "string" && /^https?:\/\/[^/?#@\\\s]+$/.test(value) && URL.canParse(value);
}

function checkAnnotations({ tree, problem }: TemplateDocument): TemplateProblem[] {
  const annotations = at(tree, "metadata", "annotations");
  return Object.keys(isObject(annotations) ? annotations : {})
    .filter((key) => DANGEROUS_ANNOTATION.test(key))
    .map((key) => problem(["metadata", "annotations", key], `the annotation ${key} is not allowed in a template`));
}
