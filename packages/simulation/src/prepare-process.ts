import { breakBuild } from "./broken/break-build.ts";
import type { SimulatedBuild } from "./broken/broken-build.ts";
import { BROKEN_BUILDS } from "./broken/broken-builds.ts";
import { REAL_BUILDS } from "./broken/real-builds.ts";
import { replaceModules } from "./run/replace-modules.ts";
import { installVirtualTime } from "./time/install.ts";

/** The broken build of that name, where one is given. @throws {RangeError} where there is none that a simulation shows */
export function buildNamed(name: string | undefined): SimulatedBuild | undefined {
  const build = BROKEN_BUILDS.find((given) => given.name === name);
  if (REAL_BUILDS.some((given) => given.name === name))
    throw new RangeError(`--broken: ${name} shows in real processes alone (packages/chaos/test/broken-builds.test.ts)`);
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
