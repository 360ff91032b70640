// Running jobs

export { openPlacement } from "./placement.ts";
export { startWorker } from "./worker.ts";

// Sweeping

export { startSweeper } from "./sweeper.ts";
