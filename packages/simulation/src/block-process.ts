import process from "node:process";
import type { Block, BlockMessage, BlockProcessOptions } from "./block.ts";
import { prepareProcess } from "./prepare-process.ts";

// Runs the blocks that it is sent, one after the other, until the other side ends: campaign.ts starts it.

const options = JSON.parse(process.argv[2] ?? "") as BlockProcessOptions;
prepareProcess(options.broken);
// Nobody reads the stacks of errors here, and to note them costs much.
Error.stackTraceLimit = 0;

// Not imported before: what they import must meet what was put in place for it.
const [{ runBlock }, { loadShared }] = await Promise.all([import("./block.ts"), import("./run/shared.ts")]);
const shared = loadShared();
const tell = (message: BlockMessage) => process.send?.(message);

process.on("message", async (block: Block) => {
  await runBlock(block, options, shared, (report) => tell({ type: "schedule", report }));
  tell({ type: "end" });
});
process.once("disconnect", () => process.exit());
tell({ type: "ready" });
