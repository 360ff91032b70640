import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { searchPath } from "./environment.ts";

/** Whether there is a file that this process may execute. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The path of a program in one of the folders (default: PATH), the first one first, or undefined. */
export function findProgram(name: string, folders = searchPath()): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}
