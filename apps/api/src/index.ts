// Building
export { type AppDeps, buildApp } from "./app.ts";
export { buildOpsApp, type Check, type OpsDeps } from "./ops-app.ts";

// Running
export { type ApiOptions, type RunningApi, startApi } from "./start-api.ts";
