import { type CommandLine, readArguments, USAGE } from "./arguments.ts";
import { startSimulator } from "./simulator.ts";

function commandLine(): CommandLine {
  try {
    return readArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

async function run({ kubeconfig, options }: CommandLine): Promise<void> {
  const simulator = await startSimulator(options);
  if (kubeconfig !== undefined) await simulator.writeKubeconfig(kubeconfig);
  const where = kubeconfig === undefined ? "" : ` (kubeconfig: ${kubeconfig})`;
  process.stdout.write(`simulator listening on ${simulator.url}${where}\n`);
  const end = (): void => {
    simulator.close().catch((error: unknown) => {
      process.stderr.write(`simulator: ${String(error)}\n`);
      process.exitCode = 1;
    });
  };
  process.once("SIGTERM", end);
  process.once("SIGINT", end);
}

const line = commandLine();
if (line.help) process.stdout.write(USAGE);
else
  run(line).catch((error: unknown) => {
    process.stderr.write(`simulator: ${(error as Error).message}\n`);
    process.exitCode = 1;
  });
