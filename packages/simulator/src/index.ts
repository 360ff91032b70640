// Running one

export { DEFAULT_OPTIONS, type SimulatorOptions } from "./options.ts";
export { type Simulator, startSimulator } from "./simulator.ts";

// Without a network

export { createSimulatorCore, type SimulatorCore } from "./core.ts";
export type { Answer } from "./http/exchange.ts";
export { loadSchema, type Schema } from "./schema/schema.ts";

// What it holds

export type { KubeObject as SimulatedObject } from "./objects/object.ts";
export type { Change as StoreChange } from "./storage/journal.ts";

// Pods that fail, and an API that fails

export { FAILURE_PREFIXES, FAILURES, type FailureName } from "./control/failure-kinds.ts";
export type { FaultRule } from "./control/faults.ts";
export { NO_DELAYS } from "./controllers/delays.ts";
