// Checking

export { checkHistory, type Violation } from "./check-history.ts";

// What is checked

export type { EndState, History, HistoryEvent, IntentSeen, JobSeen, ObjectSeen, Setup } from "./history/history.ts";

// What the sources of a history tell, as the history has it

export { jobSeen, type LineRead, lineSeen, objectSeen, pairsOf, type ResourceRead } from "./history/seen.ts";

// What must hold

export { INVARIANTS } from "./invariants.ts";
