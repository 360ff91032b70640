import process from "node:process";
import {
  type ApiClient,
  startRedis,
  startTestCluster,
  type TestRedis,
  tempNamespace,
  waitFor,
  whyNoTestCluster,
} from "@repl/testkit";
import { pin } from "../frame/cpu.ts";
import { type BenchContext, type Benchmark, type Figure, ofRounds } from "../frame/figure.ts";
import { alternate, perRound } from "../frame/rounds.ts";
import { findHelm, helmInstall } from "./helm-install.ts";
import { startMeasuredWorkers, TEMPLATE } from "./measured-workers.ts";
import { buildClientGo, type Cost, clientGo, type Job, kubectlApply, leastInNode, naiveClientNode } from "./peers.ts";

/** Starts at a time: enough for the API server to be what all clients wait for. */
const PARALLEL = 32;
/** Starts that let a worker and client-node compile some of what they run. At this API server's rate more take minutes. */
const WARM_UP = 100;
/** Starts at a time of who holds each until its workload is available, where the others hold one for its three writes alone. */
const PARALLEL_WAITING = 4 * PARALLEL;
/** Of a namespace with all starts of a measurement in it. */
const GONE_WITHIN_MS = 180_000;

/** The same starts by every client on a real control plane. */
export const onCluster: Benchmark = {
  name: "on-cluster",
  about:
    "starts on a real control plane, in alternation: worker, client-go, the least in Node.js, client-node, kubectl apply, helm install",
  special: "the test cluster (script/cluster) and helm (tools/helm)",
  uses: ["go", "kubernetes"],
  run,
};

/** What a start took a client. */
interface PerStart {
  readonly cpuMs: number;
  /** A second, until all workloads were available; of client-node, which waits for none, until all were written. */
  readonly rate: number;
}

async function run({ quick, say }: BenchContext): Promise<readonly Figure[]> {
  const missing = await whyNoTestCluster();
  if (missing !== undefined) throw new Error(missing);
  pin(process.pid, "rest");
  const [rounds, many, few] = quick ? [1, 60, 5] : [3, 200, 10];
  const [binary, helm] = [await buildClientGo(), await findHelm()];
  say("starting a control plane");
  await using cluster = await startTestCluster();
  const { kubeconfigPath, kubectlPath } = cluster;
  let measurements = 0;

  /** Each measurement in a namespace of its own, which is removed with all that is in it. */
  const measure = async (count: number, warmUp: number, client: (job: Job) => Promise<Cost>): Promise<PerStart> => {
    await using namespace = await tempNamespace(cluster, GONE_WITHIN_MS);
    const name = `m${++measurements}`;
    const place = { kubeconfigPath, namespace: namespace.name, templatePath: TEMPLATE, parallel: PARALLEL };
    const since = performance.now();
    const [{ cpuMs, seconds }, availableAt] = await Promise.all([
      client({ ...place, warmUp, count, name }),
      untilAvailable(cluster, namespace.name, count + warmUp),
    ]);
    const took = warmUp === 0 ? (availableAt - since) / 1_000 : seconds;
    return { cpuMs: cpuMs / count, rate: count / took };
  };

  say(`${rounds} rounds of ${many} starts for worker, client-go, Node.js and client-node, ${few} for kubectl and helm`);
  const costs = await alternate<Client, PerStart>(
    {
      worker: () => measure(many, WARM_UP, byWorker),
      clientGo: () => measure(many, 0, (job) => clientGo(binary, job, "protobuf")),
      clientGoWaits: () =>
        measure(many, WARM_UP, (job) =>
          clientGo(binary, { ...job, parallel: PARALLEL_WAITING }, "protobuf", "available"),
        ),
      leastInNode: () => measure(many, WARM_UP, (job) => leastInNode({ ...job, parallel: PARALLEL_WAITING })),
      clientNode: () => measure(many, WARM_UP, naiveClientNode),
      kubectl: () => measure(few, 0, (job) => kubectlApply(kubectlPath, job)),
      helm: () => measure(few, 0, (job) => helmInstall(helm, job)),
    },
    rounds,
  );
  return figuresOf(costs);
}

type Client = "worker" | "clientGo" | "clientGoWaits" | "leastInNode" | "clientNode" | "kubectl" | "helm";

const NAMES: Readonly<Record<Client, string>> = {
  worker: "worker",
  clientGo: "client-go program",
  clientGoWaits: "client-go program that waits",
  leastInNode: "the least in Node.js",
  clientNode: "client-node as in its README",
  kubectl: "kubectl apply --server-side",
  helm: "helm install",
};

function figuresOf(costs: Readonly<Record<Client, readonly PerStart[]>>): readonly Figure[] {
  const clients = Object.keys(NAMES) as Client[];
  const against = (peer: Client, of: (cost: PerStart) => number) =>
    perRound(costs, (round) => of(round.worker) / of(round[peer]));
  const [cpu, rate] = [({ cpuMs }: PerStart) => cpuMs, (cost: PerStart) => cost.rate];
  return [
    ...clients.map((client) => ofRounds(`${NAMES[client]}, CPU per start`, "ms", costs[client].map(cpu))),
    ...clients.map((client) => {
      const what = client === "clientNode" ? "written" : "available";
      return ofRounds(`${NAMES[client]}, starts ${what}`, "1/s", costs[client].map(rate));
    }),
    ofRounds("worker against client-go, CPU", "x", against("clientGo", cpu), { op: "<=", value: 2 }),
    ofRounds("worker against client-go that waits, CPU", "x", against("clientGoWaits", cpu)),
    ofRounds(
      "the least in Node.js against client-go, CPU",
      "x",
      perRound(costs, ({ leastInNode: least, clientGo: go }) => cpu(least) / cpu(go)),
    ),
    ofRounds("worker against client-node, CPU", "x", against("clientNode", cpu), { op: "<=", value: 0.35 }),
    ofRounds("worker against client-go, starts a second", "x", against("clientGo", rate), { op: ">=", value: 0.95 }),
  ];
}

async function byWorker(job: Job): Promise<Cost> {
  await using redis: TestRedis = await startRedis();
  pin(redis.pid, "rest");
  await using own = await startMeasuredWorkers(redis, { ...job, concurrency: PARALLEL_WAITING });
  await own.complete(`${job.name}-warm`, job.warmUp);
  return await own.complete(job.name, job.count);
}

/** When the last of so many Deployments was available, by `performance.now()`. Asked alike whoever starts them. */
async function untilAvailable(api: ApiClient, namespace: string, count: number): Promise<number> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments?resourceVersion=0`;
  await waitFor(
    async () => {
      const { items } = (await api.get(path)) as { readonly items: readonly { readonly status?: object }[] };
      return items.filter(({ status }) => status !== undefined && "availableReplicas" in status).length >= count;
    },
    { what: `${count} Deployments to be available`, timeoutMs: 300_000, intervalMs: 250 },
  );
  return performance.now();
}
