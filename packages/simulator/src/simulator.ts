import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import type { TokenTable } from "./access/users.ts";
import { createAddressPool } from "./api/addresses.ts";
import type { Cluster } from "./api/cluster.ts";
import { type Audit, createAudit } from "./control/audit.ts";
import { createControl } from "./control/endpoint.ts";
import { createFailures, type Failures } from "./control/failures.ts";
import { createFaults, type Faults } from "./control/faults.ts";
import { matchesGlob } from "./control/glob.ts";
import { DEFAULT_DELAYS } from "./controllers/delays.ts";
import { createEventRecorder } from "./controllers/events.ts";
import { quotaAdmission, quotaFailure } from "./controllers/quota.ts";
import { createRuntime } from "./controllers/runtime.ts";
import { furnishCluster } from "./controllers/start.ts";
import { createCertificate } from "./http/certificate.ts";
import { createHandler } from "./http/handler.ts";
import { type Connections, listen } from "./http/listen.ts";
import { createWatchHub, type Watches } from "./http/watches.ts";
import { createKinds } from "./kinds/table.ts";
import { kubeconfigYaml } from "./kubeconfig.ts";
import { type CompleteOptions, DEFAULT_OPTIONS, type SimulatorOptions } from "./options.ts";
import { loadSchema } from "./schema/schema.ts";
import { createStore } from "./storage/store.ts";

/** Where Services get their addresses from. */
const SERVICE_NETWORK = "10.96";
const EVENT_LIMIT = 5000;

/** A running simulator. */
export interface Simulator {
  /** `http://127.0.0.1:PORT`, or `https://` with TLS. */
  readonly url: string;
  /** The administrator's bearer token. */
  readonly token: string;
  /** PEM of the certificate to trust; undefined without TLS. */
  readonly ca: string | undefined;
  /** Tokens and their rights; may be changed at any time. */
  readonly tokens: TokenTable;
  readonly audit: Audit;
  readonly failures: Failures;
  readonly faults: Faults;
  readonly watches: Watches;
  readonly connections: Connections;
  /** The kubeconfig of the administrator, or of another token, as YAML. */
  kubeconfig(token?: string): string;
  /** Writes that kubeconfig, readable for its owner only. */
  writeKubeconfig(path: string): Promise<void>;
  /** Forgets all kept changes: every watch that starts from before now is too old (410). */
  expireWatchWindow(): void;
  /** Ends every connection, controller and timer. */
  close(): Promise<void>;
}

function tokenTable(options: CompleteOptions): TokenTable {
  return new Map([[options.token, { name: "admin" }], ...Object.entries(options.users)]);
}

/** The cluster's state with the rules that guard it. */
function createCluster(options: CompleteOptions, failures: Failures): Cluster {
  const cluster: Cluster = {
    store: createStore(options.watchWindow),
    kinds: createKinds({ gatewayApi: options.gatewayApi }),
    schema: loadSchema(),
    addresses: createAddressPool(SERVICE_NETWORK),
    admissions: [quotaAdmission(() => cluster), quotaFailure(failures)],
  };
  return cluster;
}

/**
 * Starts an in-memory Kubernetes API server with its controllers and nodes.
 * Rejects with the system's error when the port cannot be taken.
 */
export async function startSimulator(given: SimulatorOptions = {}): Promise<Simulator> {
  const options = { ...DEFAULT_OPTIONS, token: randomUUID(), ...given };
  const certificate = options.tls ? createCertificate() : undefined;
  const failures = createFailures();
  for (const rule of options.failures) failures.add(rule);
  const cluster = createCluster(options, failures);
  const runtime = createRuntime();
  furnishCluster(
    {
      cluster,
      runtime,
      events: createEventRecorder(cluster, EVENT_LIMIT),
      failures,
      delays: { ...DEFAULT_DELAYS, ...options.delays },
    },
    { ...options, authority: certificate?.cert ?? "" },
  );
  const tokens = tokenTable(options);
  const audit = createAudit(options.auditLimit, matchesGlob);
  const faults = createFaults();
  const watches = createWatchHub();
  const expireWatchWindow = (): void => cluster.store.journal.forget(cluster.store.revision);
  const control = createControl({
    failures,
    faults,
    audit,
    watches,
    connections: () => listener.connections,
    expireWatchWindow,
  });
  const handler = createHandler({
    cluster,
    tokens,
    audit,
    faults,
    watches,
    control,
    ...options,
  });
  const listener = await listen(handler, options.port, certificate).catch((error: unknown) => {
    runtime.stop();
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
      runtime.stop();
      faults.clear();
      return listener.close();
    },
  };
}
