import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Cost, type Job, oneProcessEach } from "./peers.ts";

const WHERE = fileURLToPath(new URL("../../tools/helm/where", import.meta.url));

/** Path of helm. @throws Error when it is not built (tools/helm/build) */
export async function findHelm(): Promise<string> {
  return (await promisify(execFile)(WHERE)).stdout.trim();
}

/** `helm install` of a chart with the same three resources, one release for each start. */
export async function helmInstall(helm: string, job: Job): Promise<Cost> {
  const folder = await mkdtemp(join(tmpdir(), "chart-"));
  try {
    await writeChart(folder, await readFile(job.templatePath, "utf8"));
    const command = `HELM_CACHE_HOME=${folder} HELM_CONFIG_HOME=${folder} HELM_DATA_HOME=${folder} "$1" --kubeconfig "$2" --namespace "$3" install "$repl" ${folder}/chart > /dev/null`;
    return await oneProcessEach(command, helm, job);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function writeChart(folder: string, template: string): Promise<void> {
  const chart = join(folder, "chart");
  await mkdir(join(chart, "templates"), { recursive: true });
  await writeFile(join(chart, "Chart.yaml"), "apiVersion: v2\nname: repl\nversion: 0.1.0\n");
  const named = template.replaceAll("service_name", "{{ .Release.Name }}");
  await writeFile(join(chart, "templates/service.yaml"), named);
}
