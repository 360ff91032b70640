import { join } from "node:path";
import { parseArgs } from "node:util";

/** What `script/start` was asked for. */
export interface StartOptions {
  /** The api's public port; the ops ports of api and worker are the two after it. 0: any free ones. */
  readonly port: number;
  /** The user's own kubeconfig instead of the simulator. */
  readonly kubeconfig: string | undefined;
  /** A Redis that already runs, instead of one of our own. */
  readonly redisUrl: string | undefined;
}

/** What `--help` prints. */
export const USAGE = `usage: script/start [--kube] [--port N]

Starts Redis, the simulator, the api and a worker on this machine; Ctrl-C stops all of them.

  --kube     the cluster of your kubeconfig's current context ($KUBECONFIG or ~/.kube/config) instead of the simulator
  --port N   the api's public port (default 3002); its ops port is N+1, the worker's N+2; 0 takes free ones

REDIS_URL, where set, is the Redis to use instead of one of its own. Every other setting of api and worker is read from
the environment as well: see docs/settings.md.`;

/** A command line that cannot be followed; the message is for whoever typed it. */
export class UsageError extends Error {}

/**
 * Reads the command line and the environment. Pure.
 * @returns the options, or "help".
 * @throws UsageError that names the option or variable.
 */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): StartOptions | "help" {
  const { help, kube, port } = parse(args);
  if (help) return "help";
  return {
    port: readPort(port ?? (env["PORT"] || "3002"), port === undefined ? "PORT" : "--port"),
    kubeconfig: kube ? env["KUBECONFIG"] || join(env["HOME"] ?? "", ".kube", "config") : undefined,
    redisUrl: env["REDIS_URL"] || undefined,
  };
}

function parse(args: readonly string[]) {
  try {
    const options = {
      help: { type: "boolean", short: "h" },
      kube: { type: "boolean" },
      port: { type: "string" },
    } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function readPort(text: string, name: string): number {
  // The two ports after it are used as well.
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_533) return Number(text);
  throw new UsageError(`${name}: expected a port from 0 to 65533, got ${JSON.stringify(text)}`);
}
