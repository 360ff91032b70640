import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { createSimulatorCore, type SimulatorCore } from "./core.ts";
import { createCertificate } from "./http/certificate.ts";
import { type Connections, listen } from "./http/listen.ts";
import { kubeconfigYaml } from "./kubeconfig.ts";
import { DEFAULT_OPTIONS, type SimulatorOptions } from "./options.ts";

/** A running simulator. */
export interface Simulator
  extends Pick<SimulatorCore, "tokens" | "audit" | "failures" | "faults" | "watches" | "expireWatchWindow"> {
  /** `http://127.0.0.1:PORT`, or `https://` with TLS. */
  readonly url: string;
  /** The administrator's bearer token. */
  readonly token: string;
  /** PEM of the certificate to trust; undefined without TLS. */
  readonly ca: string | undefined;
  readonly connections: Connections;
  /** The kubeconfig of the administrator, or of another token, as YAML. */
  kubeconfig(token?: string): string;
  /** Writes that kubeconfig, readable for its owner only. */
  writeKubeconfig(path: string): Promise<void>;
  /** Ends every connection, controller and timer. */
  close(): Promise<void>;
}

/**
 * Starts an in-memory Kubernetes API server with its controllers and nodes.
 * Rejects with the system's error when the port cannot be taken.
 */
export async function startSimulator(given: SimulatorOptions = {}): Promise<Simulator> {
  const options = { ...DEFAULT_OPTIONS, token: randomUUID(), ...given };
  const certificate = options.tls ? createCertificate() : undefined;
  const core = createSimulatorCore(options, {
    connections: () => listener.connections,
    authority: certificate?.cert ?? "",
  });
  const listener = await listen(core.handle, options.port, certificate).catch((error: unknown) => {
    core.stop();
    throw error;
  });
  const ca = certificate === undefined ? {} : { ca: certificate.cert };
  const kubeconfig = (token = options.token): string =>
    kubeconfigYaml({
      url: listener.url,
      token,
      namespace: options.namespace,
      ...ca,
    });
  const { tokens, audit, failures, faults, watches, expireWatchWindow } = core;
  return {
    url: listener.url,
    token: options.token,
    ca: certificate?.cert,
    tokens,
    audit,
    failures,
    faults,
    watches,
    connections: listener.connections,
    kubeconfig,
    writeKubeconfig: (path) => writeFile(path, kubeconfig(), { mode: 0o600 }),
    expireWatchWindow,
    close: () => {
      core.stop();
      return listener.close();
    },
  };
}
