import { breakBuild } from "./broken/break-build.ts";
import type { BrokenBuild } from "./broken/broken-build.ts";
import { BROKEN_BUILDS } from "./broken/broken-builds.ts";
import { replaceModules } from "./run/replace-modules.ts";
import { installVirtualTime } from "./time/install.ts";

/** The broken build of that name, where one is given. @throws {RangeError} where there is none */
export function buildNamed(name: string | undefined): BrokenBuild | undefined {
  const build = BROKEN_BUILDS.find((given) => given.name === name);
  if (name !== undefined && build === undefined) throw new RangeError(`--broken: there is no ${name}`);
  return build;
}

/**
 * Makes this process one that simulates: queue, clocks and timers are replaced, and a broken build's sources, for all modules
 * that are loaded from now on.
 * @throws {RangeError} for a broken build that there is none of
 */
export function prepareProcess(broken: string | undefined): void {
  const build = buildNamed(broken);
  replaceModules();
  installVirtualTime();
  if (build !== undefined) breakBuild(build);
}
