export { argumentsOf } from "./broken/arguments-of.ts";
export { REAL_BUILDS } from "./broken/real-builds.ts";
