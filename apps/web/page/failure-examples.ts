/** Names that the simulator fails on purpose, each with what will be seen. */
export const FAILURE_EXAMPLES = [
  { replId: "fail-image-demo", what: "The image cannot be pulled" },
  { replId: "fail-crash-demo", what: "The program keeps crashing" },
  { replId: "fail-memory-demo", what: "It runs out of memory" },
  { replId: "fail-copy-demo", what: "The files cannot be copied" },
  { replId: "fail-config-demo", what: "A secret is missing" },
  { replId: "fail-quota-demo", what: "The quota is used up" },
  { replId: "fail-schedule-demo", what: "No node has room, after some patience" },
  { replId: "fail-never-demo", what: "It never gets ready, at the deadline" },
] as const;
