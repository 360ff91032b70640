import { ANONYMOUS_USER } from "@repl/contract";
import { Problem } from "../problems/problem.ts";

/** Who asks. */
export interface Caller {
  /** The token's subject; undefined without authentication. */
  readonly subject: string | undefined;
  /** Whether it may name any user: an administrator, a back end, and everybody without authentication. */
  readonly actsForOthers: boolean;
  /** Whether it may use the operators' dashboard. */
  readonly isAdmin: boolean;
}

/** Everybody, where authentication is off. */
export const ANYBODY: Caller = { subject: undefined, actsForOthers: true, isAdmin: true };

/**
 * The user whom a request is about: the one it names, else the caller.
 * @throws Problem forbidden_user
 */
export function userFor({ subject, actsForOthers }: Caller, named: string | undefined): string {
  if (named !== undefined && named !== subject && !actsForOthers) throw new Problem("forbidden_user");
  return named ?? subject ?? ANONYMOUS_USER;
}

/** Whether the caller may see what belongs to the owner. */
export function maySee({ subject, actsForOthers }: Caller, owner: string): boolean {
  return actsForOthers || subject === owner;
}
