// Creates the three resources of N repls with @kubernetes/client-node as its README shows it, and prints one JSON line with
// what the N took, after a warm-up that does not count.
// Arguments: kubeconfig, namespace, template, how the repls' names begin, starts to warm up, starts to count, starts under way at the same time.
import { readFileSync } from "node:fs";
import process from "node:process";
import {
  AppsV1Api,
  CoreV1Api,
  KubeConfig,
  NetworkingV1Api,
  type V1Deployment,
  type V1Ingress,
  type V1Service,
} from "@kubernetes/client-node";
import { parseAllDocuments } from "yaml";

const [kubeconfig = "", namespace = "", templatePath = "", name = "", ...numbers] = process.argv.slice(2);
const [warmUp = 0, count = 0, parallel = 1] = numbers.map(Number);

const config = new KubeConfig();
config.loadFromFile(kubeconfig);
const apps = config.makeApiClient(AppsV1Api);
const core = config.makeApiClient(CoreV1Api);
const networking = config.makeApiClient(NetworkingV1Api);
const template = readFileSync(templatePath, "utf8");

async function start(replId: string): Promise<void> {
  const documents = parseAllDocuments(template.replaceAll("service_name", replId)).map((document) => document.toJS());
  const [deployment, service, ingress] = documents as [V1Deployment, V1Service, V1Ingress];
  await apps.createNamespacedDeployment({ namespace, body: deployment });
  await core.createNamespacedService({ namespace, body: service });
  await networking.createNamespacedIngress({ namespace, body: ingress });
}

async function run(prefix: string, starts: number): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < starts) await start(`${prefix}-${next++}`);
  };
  await Promise.all(Array.from({ length: parallel }, lane));
}

await run(`${name}-warm`, warmUp);
const [cpu, since] = [process.cpuUsage(), performance.now()];
await run(name, count);
const { user, system } = process.cpuUsage(cpu);
process.stdout.write(
  `${JSON.stringify({ cpuMs: (user + system) / 1_000, seconds: (performance.now() - since) / 1_000 })}\n`,
);
