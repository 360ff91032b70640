import type { Repl } from "@repl/contract";
import { userLabel } from "../labels.ts";

/** What the template of a repl writes where the replId goes, in values and keys alike. */
export const PLACEHOLDER = "service_name";

/**
 * What the template of a repl writes where the user goes, as in the user's label. It may hold capital letters, dots and
 * underscores, so it is good for a path, a label or a value, but neither for a name nor for a host.
 */
export const USER_PLACEHOLDER = "user_label";

/** What the template of a user's namespace writes where the namespace's name goes. */
export const NAMESPACE_PLACEHOLDER = "user_namespace";

/** Those of the template of a repl. */
export const PLACEHOLDERS = [PLACEHOLDER, USER_PLACEHOLDER] as const;

/** What takes the places of the placeholders for one repl. */
export function valuesOf({ replId, userId }: Repl): Readonly<Record<(typeof PLACEHOLDERS)[number], string>> {
  return { [PLACEHOLDER]: replId, [USER_PLACEHOLDER]: userLabel(userId) };
}
