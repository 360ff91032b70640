import { parseArgs } from "node:util";
import { isFailureName } from "./control/failure-kinds.ts";
import { delaysForTotal } from "./controllers/delays.ts";
import type { SimulatorOptions } from "./options.ts";

/** The command line, read. */
export interface CommandLine {
  readonly help: boolean;
  /** Where to write the kubeconfig; nowhere when left out. */
  readonly kubeconfig?: string;
  readonly options: SimulatorOptions;
}

export const USAGE = `usage: simulator [options]
  --port N             port on 127.0.0.1 (default: a free one)
  --kubeconfig PATH    write a kubeconfig there
  --tls                HTTPS with HTTP/2 and HTTP/1.1 instead of plain HTTP
  --token TEXT         the administrator's token (default: a random one)
  --namespace NAME     a namespace to create, and the kubeconfig's own; may be repeated (the first counts)
  --pod-seconds N      how long a pod takes to get ready (default: about 2.5)
  --gateway-api        know HTTPRoute too
  --fail REPL=FAILURE  let pods of a repl fail, such as 'demo-*=image_pull'; may be repeated
  --help               this text
`;

const FLAGS = {
  port: { type: "string" },
  kubeconfig: { type: "string" },
  tls: { type: "boolean" },
  token: { type: "string" },
  namespace: { type: "string", multiple: true },
  "pod-seconds": { type: "string" },
  "gateway-api": { type: "boolean" },
  fail: { type: "string", multiple: true },
  help: { type: "boolean" },
} as const;

const MAX_PORT = 65_535;

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= MAX_PORT) return port;
  throw new Error(`--port: must be a number from 0 to ${MAX_PORT}`);
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (text !== "" && seconds >= 0 && seconds <= 3600) return seconds;
  throw new Error("--pod-seconds: must be a number from 0 to 3600");
}

function readFailure(text: string) {
  const [repl = "", failure = ""] = text.split("=");
  if (repl === "" || !isFailureName(failure))
    throw new Error(`--fail: ${JSON.stringify(text)} is not REPL=FAILURE with a known failure`);
  return { repl, failure };
}

/** @throws Error that names the flag when one is unknown or its value unusable. */
export function readArguments(argv: readonly string[]): CommandLine {
  const { values } = parseArgs({ args: [...argv], options: FLAGS });
  const seconds = values["pod-seconds"];
  const [namespace] = values.namespace ?? [];
  return {
    help: values.help ?? false,
    ...(values.kubeconfig === undefined ? {} : { kubeconfig: values.kubeconfig }),
    options: {
      ...(values.port === undefined ? {} : { port: readPort(values.port) }),
      ...(values.token === undefined ? {} : { token: values.token }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(seconds === undefined ? {} : { delays: delaysForTotal(readSeconds(seconds) * 1000) }),
      namespaces: values.namespace ?? [],
      tls: values.tls ?? false,
      gatewayApi: values["gateway-api"] ?? false,
      failures: (values.fail ?? []).map(readFailure),
    },
  };
}
