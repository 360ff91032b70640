export { type Check, type CheckReport, runChecks } from "./checks.ts";
export { buildOpsServer, type OpsOptions } from "./ops-server.ts";
