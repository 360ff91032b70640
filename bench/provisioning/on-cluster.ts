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
import type { BenchContext, Benchmark, Figure } from "../frame/figure.ts";
import { alternate, perRound } from "../frame/rounds.ts";
import { median } from "../frame/statistics.ts";
import { findHelm, helmInstall } from "./helm-install.ts";
import { startMeasuredWorkers, TEMPLATE } from "./measured-workers.ts";
import { buildClientGo, type Cost, clientGo, type Job, kubectlApply, naiveClientNode } from "./peers.ts";

/** Starts at a time: enough for the API server to be what all clients wait for. */
const PARALLEL = 32;
/** Starts that let a worker and client-node compile what they run. */
const WARM_UP = 100;
/** Jobs of the worker at a time: it holds each until its workload is available, where the peers hold a start for its three writes alone. */
const WORKER_SLOTS = 4 * PARALLEL;

/** The same starts by every client on a real control plane. */
export const onCluster: Benchmark = {
  name: "on-cluster",
  about: "starts on a real control plane, in alternation: worker, client-go, client-node, kubectl apply, helm install",
  special: "the test cluster (script/cluster) and helm (tools/helm)",
  run,
};

/** What a start took a client. */
interface PerStart {
  readonly cpuMs: number;
  /** Until all workloads were available, counted from the first start. */
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
    await using namespace = await tempNamespace(cluster);
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

  say(`${rounds} rounds of ${many} starts for worker, client-go and client-node, ${few} for kubectl and helm`);
  const costs = await alternateCosts(
    {
      worker: () => measure(many, WARM_UP, byWorker),
      clientGo: () => measure(many, 0, (job) => clientGo(binary, job, "protobuf")),
      clientNode: () => measure(many, WARM_UP, naiveClientNode),
      kubectl: () => measure(few, 0, (job) => kubectlApply(kubectlPath, job)),
      helm: () => measure(few, 0, (job) => helmInstall(helm, job)),
    },
    rounds,
  );
  return figuresOf(costs);
}

type Costs = Readonly<Record<"worker" | "clientGo" | "clientNode" | "kubectl" | "helm", PerStart[]>>;

async function alternateCosts(
  arms: Readonly<Record<keyof Costs, () => Promise<PerStart>>>,
  rounds: number,
): Promise<Costs> {
  const costs: Costs = { worker: [], clientGo: [], clientNode: [], kubectl: [], helm: [] };
  const names = Object.keys(costs) as (keyof Costs)[];
  const noting = (name: keyof Costs) => async () => {
    const cost = await arms[name]();
    costs[name].push(cost);
    return cost.cpuMs;
  };
  const entries = names.map((name) => [name, noting(name)] as const);
  await alternate(Object.fromEntries(entries) as Record<keyof Costs, () => Promise<number>>, rounds);
  return costs;
}

function figuresOf(costs: Costs): readonly Figure[] {
  const cpus = (name: keyof Costs) => costs[name].map(({ cpuMs }) => cpuMs);
  const rates = (name: keyof Costs) => costs[name].map(({ rate }) => rate);
  const cpu = (name: keyof Costs, what: string): Figure => {
    return { name: `${what}, CPU per start`, value: median(cpus(name)), unit: "ms", rounds: cpus(name) };
  };
  const rate = (name: keyof Costs, what: string): Figure => {
    return { name: `${what}, starts available`, value: median(rates(name)), unit: "1/s", rounds: rates(name) };
  };
  const rateRatios = perRound({ own: rates("worker"), go: rates("clientGo") }, ({ own, go }) => own / go);
  const cpuRatios = perRound({ own: cpus("worker"), go: cpus("clientGo") }, ({ own, go }) => own / go);
  const nodeRatios = perRound({ own: cpus("worker"), node: cpus("clientNode") }, ({ own, node }) => own / node);
  const ratio = (name: string, rounds: readonly number[], limit: Figure["limit"]): Figure => {
    return { name, value: median(rounds), unit: "x", rounds, ...(limit === undefined ? {} : { limit }) };
  };
  return [
    cpu("worker", "worker"),
    cpu("clientGo", "client-go program"),
    cpu("clientNode", "client-node as in its README"),
    cpu("kubectl", "kubectl apply --server-side"),
    cpu("helm", "helm install"),
    rate("worker", "worker"),
    rate("clientGo", "client-go program"),
    ratio("worker against client-go, CPU", cpuRatios, undefined),
    ratio("worker against client-node, CPU", nodeRatios, { op: "<=", value: 0.35 }),
    ratio("worker against client-go, starts a second", rateRatios, { op: ">=", value: 0.95 }),
  ];
}

async function byWorker(job: Job): Promise<Cost> {
  await using redis: TestRedis = await startRedis();
  pin(redis.pid, "rest");
  await using own = await startMeasuredWorkers(redis, { ...job, concurrency: WORKER_SLOTS });
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
