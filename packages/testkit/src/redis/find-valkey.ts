import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { requiresAll, searchPath } from "../process/environment.ts";

/** Where script/test puts the server of a Python wheel on systems that have no package of it. */
const CACHED = fileURLToPath(new URL("../../../../.cache/valkey/valkey-server", import.meta.url));

/** The path of a valkey-server on this machine, or undefined. */
export function findValkey(): string | undefined {
  return [...searchPath().map((folder) => join(folder, "valkey-server")), CACHED].find(isExecutable);
}

/**
 * Why tests on Valkey cannot run here, or undefined: `describe.skipIf(missingValkey())("…", …)`. Always undefined with
 * REQUIRE_ALL=1, so that they fail instead.
 */
export function missingValkey(): string | undefined {
  if (requiresAll() || findValkey() !== undefined) return undefined;
  return "no valkey-server in PATH, and script/test could not install one";
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
