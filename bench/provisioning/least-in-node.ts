// The least that Node.js takes for what a worker does in a start, so that it can be seen how far any worker in it could get: three POSTs by
// node:https, the events of the two watches parsed without their managedFields, and a short script of Redis where the worker runs one of its own
// (to begin, before the first write and the others, what was written, each step of its pod, the result). No queue, lease, retry, log or metric.
// Like the worker it holds a start until its Deployment is available. Prints one JSON line with what the N took, after a warm-up that does not count.
// Arguments: kubeconfig (JSON), namespace, template, how the repls' names begin, starts to warm up, starts to count, starts under way at the same
// time, URL of a Redis.
import { readFileSync } from "node:fs";
import https from "node:https";
import process from "node:process";
import { Redis } from "ioredis";
import { parseAllDocuments } from "yaml";

interface Condition {
  readonly type: string;
  readonly status: string;
}

interface Watched {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: { readonly conditions?: readonly Condition[] };
}

interface Held {
  step: number;
  readonly available: () => void;
}

const [kubeconfig = "", namespace = "", templatePath = "", name = "", ...rest] = process.argv.slice(2);
const [warmUp = 0, count = 0, parallel = 1] = rest.slice(0, 3).map(Number);
const [, , , redisUrl = ""] = rest;
/** The worker's own bound of writes at a time. */
const MOST_WRITES = 32;

const config = JSON.parse(readFileSync(kubeconfig, "utf8"));
const { server, "certificate-authority": caPath } = config.clusters[0].cluster;
const { hostname, port } = new URL(server);
const trust = { ca: readFileSync(caPath) };
const authorization = `Bearer ${config.users[0].user.token}`;
const writing = new https.Agent({ ...trust, keepAlive: true, maxSockets: MOST_WRITES });
const manifests = parseAllDocuments(readFileSync(templatePath, "utf8")).map((document) =>
  JSON.stringify(document.toJS()),
);
const collections = {
  deployments: `/apis/apps/v1/namespaces/${namespace}/deployments`,
  services: `/api/v1/namespaces/${namespace}/services`,
  ingresses: `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`,
  pods: `/api/v1/namespaces/${namespace}/pods`,
};
const held = new Map<string, Held>();
const redis = new Redis(redisUrl);
const script = String(await redis.script("LOAD", "redis.call('HSET', KEYS[1], 'message', ARGV[1]) return 'ok'"));
const tell = (replId: string, message: string) => redis.evalsha(script, 1, `{least}:${replId}`, message);

/** A list of managed fields has no list in it. */
function parseUnmanaged(text: string): unknown {
  const from = text.indexOf(',"managedFields":[');
  return JSON.parse(from === -1 ? text : text.slice(0, from) + text.slice(text.indexOf("]", from) + 1));
}

function create(path: string, manifest = ""): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const headers = {
    authorization,
    accept: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
    "content-type": "application/json",
    "content-length": Buffer.byteLength(manifest),
  };
  const request = https.request({ agent: writing, hostname, port, method: "POST", path, headers }, (answer) => {
    let body = "";
    answer.setEncoding("utf8");
    answer.on("data", (part) => {
      body += part;
    });
    answer.on("end", () => (answer.statusCode === 201 ? resolve(parseUnmanaged(body)) : reject(new Error(body))));
  });
  request.on("error", reject);
  request.end(manifest);
  return promise;
}

/** Resolves once the watch is open. */
function watch(path: string, listener: (object: Watched) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const options = { ...trust, agent: false, hostname, port, path: `${path}?watch=1`, headers: { authorization } };
  const request = https.get(options, (answer) => {
    let unfinished = "";
    answer.setEncoding("utf8");
    answer.on("data", (part) => {
      const lines = (unfinished + part).split("\n");
      unfinished = lines.pop() ?? "";
      for (const line of lines) listener((parseUnmanaged(line) as { object: Watched }).object);
    });
    resolve();
  });
  request.on("error", reject);
  return promise;
}

const is = ({ status }: Watched, type: string) =>
  status.conditions?.some((condition) => condition.type === type && condition.status === "True") ?? false;

function seeDeployment(deployment: Watched): void {
  if (is(deployment, "Available")) held.get(deployment.metadata.name)?.available();
}

/** A Deployment's pods have two words after its name. */
function seePod(pod: Watched): void {
  const replId = pod.metadata.name.split("-").slice(0, -2).join("-");
  const start = held.get(replId);
  const step = is(pod, "Initialized") ? 2 : Number(pod.spec.nodeName !== undefined);
  if (start === undefined || step <= start.step) return;
  start.step = step;
  void tell(replId, `step ${step}`);
}

async function start(replId: string): Promise<void> {
  const [deployment, service, ingress] = manifests.map((manifest) => manifest.replaceAll("service_name", replId));
  const { promise, resolve } = Promise.withResolvers<void>();
  held.set(replId, { step: 0, available: resolve });
  await tell(replId, "begin");
  await tell(replId, "guard");
  await create(collections.deployments, deployment);
  await tell(replId, "guard");
  await Promise.all([create(collections.services, service), create(collections.ingresses, ingress)]);
  await tell(replId, "written");
  await promise;
  held.delete(replId);
  await tell(replId, "done");
}

async function run(prefix: string, starts: number): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < starts) await start(`${prefix}-${next++}`);
  };
  await Promise.all(Array.from({ length: parallel }, lane));
}

await Promise.all([watch(collections.deployments, seeDeployment), watch(collections.pods, seePod)]);
await run(`${name}-warm`, warmUp);
const [cpu, since] = [process.cpuUsage(), performance.now()];
await run(name, count);
const { user, system } = process.cpuUsage(cpu);
const cost = { cpuMs: (user + system) / 1_000, seconds: (performance.now() - since) / 1_000 };
process.stdout.write(`${JSON.stringify(cost)}\n`, () => process.exit());
