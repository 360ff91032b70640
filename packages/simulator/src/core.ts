import type { TokenTable } from "./access/users.ts";
import { limitRanger } from "./admission/limit-ranger.ts";
import { podSecurityAdmission } from "./admission/pod-security.ts";
import { createAddressPool } from "./api/addresses.ts";
import type { Cluster } from "./api/cluster.ts";
import { type Audit, createAudit } from "./control/audit.ts";
import { type ControlParts, createControl } from "./control/endpoint.ts";
import { createFailures, type Failures } from "./control/failures.ts";
import { createFaults, type Faults } from "./control/faults.ts";
import { matchesGlob } from "./control/glob.ts";
import { DEFAULT_DELAYS } from "./controllers/delays.ts";
import { createEventRecorder } from "./controllers/events.ts";
import { quotaAdmission, quotaFailure } from "./controllers/quota.ts";
import { createRuntime } from "./controllers/runtime.ts";
import { furnishCluster } from "./controllers/start.ts";
import { createHandler, type RequestHandler } from "./http/handler.ts";
import { createWatchHub, type Watches } from "./http/watches.ts";
import { createKinds } from "./kinds/table.ts";
import type { CompleteOptions } from "./options.ts";
import { loadSchema, type Schema } from "./schema/schema.ts";
import { createStore, type Store } from "./storage/store.ts";

/** Where Services get their addresses from. */
const SERVICE_NETWORK = "10.96";
const EVENT_LIMIT = 5000;

/** A simulator without a network: requests come to `handle`, from wherever. */
export interface SimulatorCore {
  readonly handle: RequestHandler;
  /** All objects, and every change of them. */
  readonly store: Pick<Store, "list" | "subscribe">;
  /** Tokens and their rights; may be changed at any time. */
  readonly tokens: TokenTable;
  readonly audit: Audit;
  readonly failures: Failures;
  readonly faults: Faults;
  readonly watches: Watches;
  /** Forgets all kept changes: every watch that starts from before now is too old (410). */
  expireWatchWindow(): void;
  /** Ends every controller, timer and held call. */
  stop(): void;
}

/** What a core is told by whoever runs it. */
export interface CoreSurroundings {
  readonly connections: ControlParts["connections"];
  /** PEM of the authority that every namespace is told of; empty without TLS. */
  readonly authority: string;
  /** The fields of every kind, where many cores share what was read once. */
  readonly schema?: Schema;
}

function tokenTable(options: CompleteOptions): TokenTable {
  return new Map([[options.token, { name: "admin" }], ...Object.entries(options.users)]);
}

/** The cluster's state with the rules that guard it. */
function createCluster(options: CompleteOptions, failures: Failures, schema: Schema): Cluster {
  const cluster: Cluster = {
    store: createStore(options.watchWindow),
    kinds: createKinds({ gatewayApi: options.gatewayApi }),
    schema,
    addresses: createAddressPool(SERVICE_NETWORK),
    managedFields: options.managedFields,
    admissions: [
      limitRanger(() => cluster),
      podSecurityAdmission(() => cluster),
      quotaAdmission(() => cluster),
      quotaFailure(failures),
    ],
  };
  return cluster;
}

/** Builds the API server, its controllers and nodes; they run from now on. */
export function createSimulatorCore(options: CompleteOptions, surroundings: CoreSurroundings): SimulatorCore {
  const { connections, authority, schema = loadSchema() } = surroundings;
  const failures = createFailures();
  for (const rule of options.failures) failures.add(rule);
  const cluster = createCluster(options, failures, schema);
  const runtime = createRuntime();
  const events = createEventRecorder(cluster, EVENT_LIMIT);
  const delays = { ...DEFAULT_DELAYS, ...options.delays };
  furnishCluster({ cluster, runtime, events, failures, delays }, { ...options, authority });
  const tokens = tokenTable(options);
  const audit = createAudit(options.auditLimit, matchesGlob);
  const faults = createFaults();
  const watches = createWatchHub();
  const expireWatchWindow = (): void => cluster.store.journal.forget(cluster.store.revision);
  const control = createControl({ failures, faults, audit, watches, connections, expireWatchWindow });
  return {
    handle: createHandler({ cluster, tokens, audit, faults, watches, control, ...options }),
    store: cluster.store,
    tokens,
    audit,
    failures,
    faults,
    watches,
    expireWatchWindow,
    stop() {
      runtime.stop();
      faults.clear();
    },
  };
}
