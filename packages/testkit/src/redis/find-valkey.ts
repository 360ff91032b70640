import { fileURLToPath } from "node:url";
import { requiresAll, searchPath } from "../process/environment.ts";
import { findProgram } from "../process/find-program.ts";

/** Where script/test puts the server of a Python wheel on systems that have no package of it. */
const CACHED = fileURLToPath(new URL("../../../../.cache/valkey", import.meta.url));

/** The path of a valkey-server on this machine, or undefined. */
export function findValkey(): string | undefined {
  return findProgram("valkey-server", [...searchPath(), CACHED]);
}

/**
 * Why tests on Valkey cannot run here, or undefined: `describe.skipIf(missingValkey())("…", …)`. Always undefined with
 * REQUIRE_ALL=1, so that they fail instead.
 */
export function missingValkey(): string | undefined {
  if (requiresAll() || findValkey() !== undefined) return undefined;
  return "no valkey-server in PATH, and script/test could not install one";
}
