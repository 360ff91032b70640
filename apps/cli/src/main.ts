import { type Command, readCommand, USAGE, UsageError } from "./command.ts";
import { EXIT, errorAsJson, exitCodeOf } from "./exit-code.ts";
import { runCommand } from "./run-command.ts";

const args = process.argv.slice(2);
const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());

/** The whole run; every way to end goes through here. */
async function main(): Promise<number> {
  let command: Command | "help" | undefined;
  try {
    command = readCommand(args, process.env);
    if (command !== "help") {
      return await runCommand(command, { out: process.stdout, screen: process.stderr, signal: interrupt.signal });
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
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof UsageError ? `repl: ${message}\n\n${USAGE}` : `repl: ${message}`;
}

process.exitCode = await main();
