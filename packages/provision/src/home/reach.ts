/** The namespaces in which repls of this installation may be. What lies elsewhere is another installation's. */
export interface Reach {
  /** What to list and to watch: one namespace, or undefined for all. */
  readonly scope: string | undefined;
  includes(namespace: string): boolean;
}

/**
 * One namespace, and those of users whose names begin with one of the prefixes that are or were in use.
 * Without prefixes the rest of the cluster is not looked at.
 */
export function reachOf(namespace: string, prefixes: readonly string[]): Reach {
  return {
    scope: prefixes.length === 0 ? namespace : undefined,
    includes: (name) => name === namespace || prefixes.some((prefix) => name.startsWith(prefix)),
  };
}
