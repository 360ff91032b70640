// The operators' port
export { type Check, type CheckReport, runChecks } from "./checks.ts";
// Metrics
export { combinations, createRegistry } from "./metrics.ts";
export { buildOpsServer, type OpsOptions } from "./ops-server.ts";
