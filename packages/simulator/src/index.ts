// Running one

// Who may do what
export type { AccessRule, TokenTable, User } from "./access/users.ts";
// What was called
export type { Audit, AuditEntry, AuditFilter } from "./control/audit.ts";
// Pods that fail
export {
  FAILURE_PREFIXES,
  FAILURES,
  type FailureName,
} from "./control/failure-kinds.ts";
export {
  type ActiveFailure,
  type FailureRule,
  type Failures,
  REPL_LABEL,
} from "./control/failures.ts";
// An API that fails
export type {
  ActiveFault,
  FaultEffect,
  FaultMatch,
  FaultRule,
  Faults,
} from "./control/faults.ts";
export {
  DEFAULT_DELAYS,
  type Delays,
  delaysForTotal,
  NO_DELAYS,
} from "./controllers/delays.ts";
export type { Connections } from "./http/listen.ts";
export type { Watches } from "./http/watches.ts";
export type {
  NodeSize,
  SimulatorOptions,
} from "./options.ts";
export { type Simulator, startSimulator } from "./simulator.ts";
