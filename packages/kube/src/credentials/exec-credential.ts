import { execFile } from "node:child_process";
import { ExecPluginError } from "./credentials-error.ts";
import type { Environment } from "./credentials-types.ts";
import type { ExecPlugin } from "./identity.ts";

/** What a plugin printed (client.authentication.k8s.io/v1 ExecCredential.status). */
export interface ExecCredential {
  token?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  /** Since the epoch; undefined: good until the server refuses it. */
  expiresAtMs?: number | undefined;
}

/** Some plugins ask a cloud's API; none should take longer. */
const TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;

/**
 * Runs a credential plugin. Own code and not client-node's ExecAuth, which has no timeout, leaves the plugin's input
 * open, does not set KUBERNETES_EXEC_INFO and takes an answer without a status for a TypeError.
 * @throws {ExecPluginError} naming the command; what it printed stays out of it
 */
export async function runExecPlugin(
  plugin: ExecPlugin,
  cluster: { server: string; caData?: string | undefined },
  environment: Environment,
): Promise<ExecCredential> {
  const output = await run(plugin, {
    ...environment,
    ...plugin.env,
    KUBERNETES_EXEC_INFO: JSON.stringify(execInfo(plugin, cluster)),
  });
  const status = parseStatus(plugin, output);
  const expiry = Date.parse(String(status["expirationTimestamp"] ?? ""));
  return {
    token: optional(status["token"]),
    cert: optional(status["clientCertificateData"]),
    key: optional(status["clientKeyData"]),
    expiresAtMs: Number.isNaN(expiry) ? undefined : expiry,
  };
}

function execInfo(plugin: ExecPlugin, cluster: { server: string; caData?: string | undefined }) {
  return {
    apiVersion: plugin.apiVersion,
    kind: "ExecCredential",
    spec: {
      interactive: false,
      cluster: plugin.provideClusterInfo
        ? {
            server: cluster.server,
            "certificate-authority-data": cluster.caData,
          }
        : undefined,
    },
  };
}

function run(plugin: ExecPlugin, env: Environment): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      plugin.command,
      [...plugin.args],
      { env, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES },
      (error, stdout) => {
        if (error === null) resolve(stdout);
        else reject(new ExecPluginError(problem(plugin, error)));
      },
    );
    child.stdin?.end();
  });
}

function problem({ command, installHint }: ExecPlugin, error: Error & { code?: unknown; killed?: boolean }): string {
  const name = `exec plugin ${command}`;
  if (error.code === "ENOENT") {
    return [`${name}: no such command`, installHint].filter(Boolean).join("; ");
  }
  if (error.killed) return `${name}: no answer in ${TIMEOUT_MS / 1000} s`;
  return `${name}: failed (${error.code ?? "killed"}); run it by hand to see why`;
}

function parseStatus({ command }: ExecPlugin, output: string): Record<string, unknown> {
  let status: unknown;
  try {
    status = JSON.parse(output)?.status;
  } catch {
    status = undefined;
  }
  if (typeof status === "object" && status !== null) {
    const fields = status as Record<string, unknown>;
    if (fields["token"] || fields["clientCertificateData"]) return fields;
  }
  throw new ExecPluginError(`exec plugin ${command}: printed no ExecCredential with a token or certificate`);
}

function optional(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
