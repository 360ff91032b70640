import type { Attempt } from "../attempt.ts";

/** Which namespace is the home of a repl. */
export interface Homes {
  /** The namespace of that user's repls. */
  namespaceOf(userId: string): string;
  /**
   * Does work that needs that namespace, which is there when the work begins. The work is done again, so it must be
   * harmless to repeat, where it finds the namespace missing or on its way out.
   * @throws {Failure} with a code of the contract
   */
  within<Result>(userId: string, attempt: Attempt, work: () => Promise<Result>): Promise<Result>;
}

/** One namespace for all, which is the operator's to make. */
export function sharedHome(namespace: string): Homes {
  return { namespaceOf: () => namespace, within: (_userId, _attempt, work) => work() };
}
