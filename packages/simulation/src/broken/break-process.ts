import { breakBuild } from "./break-build.ts";
import { REAL_BUILDS } from "./real-builds.ts";

// Node loads this before a process's own modules: node --import 'break-process.ts?build=NAME' apps/api/src/main.ts
const name = new URL(import.meta.url).searchParams.get("build");
const build = REAL_BUILDS.find((given) => given.name === name);
if (build === undefined) throw new RangeError(`there is no broken build ${name} of real processes`);
breakBuild(build);
