import { type Command, readCommand, USAGE, UsageError } from "./command.ts";
import { EXIT, errorAsJson, exitCodeOf } from "./exit-code.ts";
import { hintFor } from "./hint.ts";
import type { Screen } from "./progress.ts";
import { runCommand } from "./run-command.ts";

const args = process.argv.slice(2);
const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());
// Whoever reads the output may have seen enough, as `head` has.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

const screen: Screen = {
  canRewrite: process.stderr.isTTY && process.env["TERM"] !== "dumb",
  get columns() {
    return process.stderr.columns;
  },
  write: (text) => process.stderr.write(text),
};

/** The whole run; every way to end goes through here. */
async function main(): Promise<number> {
  let command: Command | "help" | undefined;
  try {
    command = readCommand(args, process.env);
    if (command !== "help") {
      return await runCommand(command, { out: process.stdout, screen, signal: interrupt.signal });
    }
    process.stdout.write(`${USAGE}\n`);
    return EXIT.done;
  } catch (error) {
    if (interrupt.signal.aborted) {
      process.stderr.write("repl: interrupted; what was asked for may happen all the same\n");
      return EXIT.interrupted;
    }
    const asJson = typeof command === "object" ? command.json : args.includes("--json");
    process.stderr.write(`${asJson ? JSON.stringify(errorAsJson(error)) : textOf(error)}\n`);
    return exitCodeOf(error);
  }
}

function textOf(error: unknown): string {
  if (error instanceof UsageError && args.length === 0) return `repl: ${error.message}\n\n${USAGE}`;
  return [`repl: ${error instanceof Error ? error.message : String(error)}`, hintFor(error)].filter(Boolean).join("\n");
}

process.exitCode = await main();
