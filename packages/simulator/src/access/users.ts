import { matchesGlob } from "../control/glob.ts";
import { forbidden, unauthorized } from "../errors/errors.ts";
import type { ApiRequest } from "../http/exchange.ts";
import type { Target } from "../http/target.ts";

/** What a user may do. `*` matches anything; resources are plurals, with the subresource behind a slash (`pods/log`). */
interface AccessRule {
  readonly verbs: readonly string[];
  readonly resources: readonly string[];
  /** All namespaces, and cluster-scoped kinds, when left out. */
  readonly namespaces?: readonly string[];
}

/** Who a bearer token speaks for. Without rules everything is allowed. */
export interface User {
  readonly name: string;
  readonly rules?: readonly AccessRule[];
}

/** A request without credentials: may read health and version, and nothing else. */
const ANONYMOUS: User = { name: "system:anonymous", rules: [] };

/** Tokens and whom they speak for. May be changed while the simulator runs, to rotate or revoke. */
export type TokenTable = Map<string, User>;

/** @throws ApiError 401 for a token that is not in the table. */
export function authenticate(tokens: TokenTable, request: ApiRequest): User {
  const token = /^Bearer\s+(.+)$/i.exec(request.authorization)?.[1];
  if (token === undefined) return ANONYMOUS;
  const user = tokens.get(token);
  if (user === undefined) throw unauthorized();
  return user;
}

const anyOf = (patterns: readonly string[], text: string): boolean =>
  patterns.some((pattern) => matchesGlob(pattern, text));

const allows = (rule: AccessRule, target: Target, resource: string): boolean =>
  anyOf(rule.verbs, target.verb) &&
  anyOf(rule.resources, resource) &&
  (rule.namespaces === undefined || (target.namespace !== "" && anyOf(rule.namespaces, target.namespace)));

/** @throws ApiError 403 in the words of the RBAC authorizer. */
export function authorize(user: User, target: Target): void {
  const { kind, verb, namespace, name, subresource } = target;
  const resource = subresource === "" ? kind.plural : `${kind.plural}/${subresource}`;
  if (user.rules === undefined) return;
  if (user.rules.some((rule) => allows(rule, target, resource))) return;
  const where = namespace === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  throw forbidden(
    kind,
    name,
    `User "${user.name}" cannot ${verb} resource "${resource}" in API group "${kind.group}" ${where}`,
  );
}
