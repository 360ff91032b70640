import { readFileSync } from "node:fs";

/** Which version of the service runs. */
export interface Build {
  readonly version: string;
  /** That the image was built of; undefined where none was, or nobody said. */
  readonly commit: string | undefined;
}

/** The folder above all packages; in an image it has `build.json` too, which the Dockerfile writes. */
const ROOT = new URL("../../../", import.meta.url);

/** Reads which version of the service this is. Never throws: that nobody can tell is no reason not to run. */
export function readBuild(root: URL = ROOT): Build {
  return {
    version: textIn(new URL("package.json", root), "version") ?? "unknown",
    commit: textIn(new URL("build.json", root), "commit"),
  };
}

/** Undefined where the file has no such text, or cannot be read. */
function textIn(file: URL, field: string): string | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"))[field];
    return typeof value === "string" && value !== "" ? value : undefined;
  } catch {
    return undefined;
  }
}
