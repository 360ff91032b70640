import type { System } from "./system.ts";

/** A repl as `GET /repls` has it. */
export interface ListedRepl {
  readonly replId: string;
  readonly state: string;
  readonly generation: number;
  readonly job: { readonly jobId: string };
}

/** The repls of the user that an api without authentication takes everybody for. */
export async function listOf({ apis }: System): Promise<readonly ListedRepl[]> {
  return ((await (await fetch(`${apis[0]?.url}/repls`)).json()) as { repls: ListedRepl[] }).repls;
}
