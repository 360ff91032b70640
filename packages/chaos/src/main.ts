import process from "node:process";
import { runCommand } from "./command.ts";

// Nothing is left to do then. Without the call Node 26 sometimes ends by closing its own handles for ever, at full load,
// after hundreds of connections were reset (seen in node::Environment::CleanupHandles).
process.once("beforeExit", () => process.exit());

process.exitCode = await runCommand(process.argv.slice(2), (line) => process.stdout.write(`${line}\n`));
