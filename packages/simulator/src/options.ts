import type { User } from "./access/users.ts";
import type { FailureRule } from "./control/failures.ts";
import type { Delays } from "./controllers/delays.ts";

/** How a simulator is to be. Everything has a default. */
export interface SimulatorOptions {
  /** 0, the default, takes a free port. It always listens on 127.0.0.1. */
  readonly port?: number;
  /** HTTPS with a certificate of its own, for HTTP/2 and HTTP/1.1; else plain HTTP/1.1. */
  readonly tls?: boolean;
  /** The administrator's bearer token; a random one by default. */
  readonly token?: string;
  /** Further tokens and what they may do. */
  readonly users?: Readonly<Record<string, User>>;
  /** Namespaces to be there at once, besides `default` and the system's. */
  readonly namespaces?: readonly string[];
  /** The namespace the kubeconfig names. */
  readonly namespace?: string;
  /** Steps of a pod; what is left out keeps its default. */
  readonly delays?: Partial<Delays>;
  /** False leaves all controllers out: objects just stay as they are written. */
  readonly controllers?: boolean;
  /** What each node offers; one node of 64 cores, 256 GiB and 5000 pods by default. */
  readonly nodes?: readonly NodeSize[];
  /** Knows HTTPRoute too. */
  readonly gatewayApi?: boolean;
  /** Failures in force from the start. */
  readonly failures?: readonly FailureRule[];
  /** Changes kept for watches; an older start is 410. */
  readonly watchWindow?: number;
  /** Between bookmarks, milliseconds; a minute by default. */
  readonly bookmarkMs?: number;
  /** Pause before every call is worked on, milliseconds. */
  readonly latencyMs?: number;
  /** Audit entries kept. */
  readonly auditLimit?: number;
  /** False leaves `managedFields` out of what plain writes store, where nobody applies and nobody reads them. */
  readonly managedFields?: boolean;
}

/** One node's capacity, as Kubernetes quantities. */
export interface NodeSize {
  readonly name: string;
  readonly cpu: string;
  readonly memory: string;
  readonly pods: string;
}

/** Options with every default filled in. */
export type CompleteOptions = Required<Omit<SimulatorOptions, "token">> & {
  readonly token: string;
};

/** The defaults, apart from the token. */
export const DEFAULT_OPTIONS: Omit<CompleteOptions, "token"> = {
  port: 0,
  tls: false,
  users: {},
  namespaces: [],
  namespace: "default",
  delays: {},
  controllers: true,
  nodes: [{ name: "node-a", cpu: "64", memory: "256Gi", pods: "5000" }],
  gatewayApi: false,
  failures: [],
  watchWindow: 10_000,
  bookmarkMs: 60_000,
  latencyMs: 0,
  auditLimit: 50_000,
  managedFields: true,
};
