import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NO_DELAYS, type Simulator, startSimulator } from "@repl/simulator";
import {
  type ApiClient,
  createApiClient,
  createAuthority,
  startTestCluster,
  type TestCluster,
  tempNamespace,
} from "@repl/testkit";

/** What the service runs against: `simulator`, or `cluster`, a real control plane. */
export type TargetName = "simulator" | "cluster";

/** A Kubernetes API, and what a fault layer in front of it needs to look like it. */
export interface Target extends AsyncDisposable {
  readonly name: TargetName;
  /** Where it listens, and its authority's PEM where that is TLS. */
  readonly server: string;
  readonly serverCa?: string;
  readonly token: string;
  /** Certificate that the fault layers serve, and where its authority lies. */
  readonly tls: { readonly key: string; readonly cert: string };
  readonly caPath: string;
  /** Past every fault layer. */
  readonly api: ApiClient;
  readonly simulator?: Simulator;
  /** A namespace that ends with the target. */
  namespace(): Promise<string>;
}

/** Opens a target of its own; with `given`, a control plane that stays its owner's. */
export function openTarget(name: TargetName, given?: TestCluster): Promise<Target> {
  return name === "simulator" ? openSimulator() : openCluster(given);
}

async function openSimulator(): Promise<Target> {
  const simulator = await startSimulator({ delays: NO_DELAYS, auditLimit: 1_000, nodes: [GREAT_NODE] });
  const folder = await mkdtemp(join(tmpdir(), "chaos-"));
  const authority = createAuthority("chaos");
  const tls = authority.issue("fault layer", { validForMs: DAY_MS });
  const caPath = join(folder, "ca.crt");
  await writeFile(caPath, authority.ca);
  const api = patient(await createApiClient({ server: simulator.url, caPath, token: simulator.token }));
  const { url: server, token } = simulator;
  return {
    ...{ name: "simulator", server, token, tls, caPath, api, simulator },
    namespace: async () => (await tempNamespace(api)).name,
    async [Symbol.asyncDispose]() {
      await api.close();
      await simulator.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function openCluster(given: TestCluster | undefined): Promise<Target> {
  const own = given === undefined ? await startTestCluster() : undefined;
  const cluster = own ?? (given as TestCluster);
  const { server, token, caPath, dataDir } = cluster;
  const [key, cert] = await Promise.all([
    readFile(join(dataDir, "certs", "apiserver.key"), "utf8"),
    readFile(caPath, "utf8"),
  ]);
  return {
    ...{ name: "cluster", server, serverCa: cert, token, tls: { key, cert }, caPath, api: patient(cluster) },
    namespace: async () => (await tempNamespace(cluster)).name,
    async [Symbol.asyncDispose]() {
      await own?.stop();
    },
  };
}

/**
 * Whoever only looks looks again: a kept connection may be closed by the server just as it is used again, and on a busy
 * machine the server itself may be late.
 */
function patient(api: ApiClient): ApiClient {
  const again =
    <Args extends unknown[], Answer>(ask: (...args: Args) => Promise<Answer>) =>
    async (...args: Args): Promise<Answer> => {
      for (let tries = 1; tries < LOOKS; tries += 1)
        try {
          return await ask(...args);
        } catch {}
      return ask(...args);
    };
  return { request: again(api.request), get: again(api.get), close: api.close };
}

const LOOKS = 4;

/** Longer than any run; the authority itself is not asked for its dates by those who trust it. */
const DAY_MS = 86_400_000;
/** Room for every repl of a long run. */
const GREAT_NODE = { name: "node-a", cpu: "100000", memory: "900Ti", pods: "100000" };
