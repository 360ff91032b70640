// Building
export { type AppDeps, buildApp } from "./app.ts";

// Running
export { type ApiOptions, type RunningApi, startApi } from "./start-api.ts";
