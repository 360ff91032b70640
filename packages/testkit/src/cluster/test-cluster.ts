import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { inheritedEnvironment } from "../process/environment.ts";
import { type ApiAccess, type ApiClient, createApiClient } from "./api-client.ts";
import { type AuditEvent, readAuditLog } from "./audit-log.ts";
import { type ClusterPart, killPart, pidOf } from "./cluster-part.ts";
import { readKubeconfig } from "./kubeconfig.ts";

/** A real Kubernetes control plane on 127.0.0.1 with one simulated node. */
export interface TestCluster extends ApiAccess, ApiClient, AsyncDisposable {
  /** The administrator's. */
  readonly kubeconfigPath: string;
  readonly kubectlPath: string;
  /** Logs of the parts, and the audit log when asked for. */
  readonly dataDir: string;
  /** Runs kubectl and returns its standard output. @throws Error with what it said, when it fails. */
  kubectl(...args: string[]): Promise<string>;
  /** What the API server was asked so far; needs `audit`. An event is written after its answer was sent. */
  auditEvents(): Promise<AuditEvent[]>;
  /** Pauses, continues or kills one part: `signal("etcd", "SIGSTOP")`. */
  signal(part: ClusterPart, signal: NodeJS.Signals): void;
  /** SIGKILL to these parts; returns when they are gone. What it returns starts them again as they were started before. */
  kill(...parts: readonly ClusterPart[]): Promise<() => void>;
}

/** The metrics of an API server alone are 3 MB. */
const MAX_KUBECTL_BYTES = 64 << 20;

const run = promisify(execFile);

/** Path of a command of `tools/testcluster`. */
export function clusterTool(name: "where" | "up" | "down"): string {
  return fileURLToPath(new URL(`../../../../tools/testcluster/${name}`, import.meta.url));
}

/** Connects to the cluster that `tools/testcluster/up` started with this data folder. Closing does not stop it. */
export async function connectTestCluster(dataDir: string): Promise<TestCluster> {
  const kubeconfigPath = join(dataDir, "kubeconfig");
  const { stdout } = await run(clusterTool("where"), { env: inheritedEnvironment() });
  const kubectlPath = join(stdout.trim(), "kubectl");
  const access = await readKubeconfig(kubeconfigPath);
  const client = await createApiClient(access);
  return {
    ...access,
    ...client,
    kubeconfigPath,
    kubectlPath,
    dataDir,
    async kubectl(...args) {
      const answer = await run(kubectlPath, ["--kubeconfig", kubeconfigPath, ...args], {
        env: inheritedEnvironment(),
        maxBuffer: MAX_KUBECTL_BYTES,
      });
      return answer.stdout;
    },
    auditEvents: () => readAuditLog(join(dataDir, "audit.log")),
    signal(part, signal) {
      process.kill(pidOf(dataDir, part), signal);
    },
    async kill(...parts) {
      const revivals = await Promise.all(parts.map((part) => killPart(dataDir, part)));
      return () => {
        for (const revive of revivals) revive();
      };
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** Why no test cluster can be had now, in one sentence; undefined when it can. */
export async function whyNoTestCluster(): Promise<string | undefined> {
  try {
    await run(clusterTool("where"), { env: inheritedEnvironment() });
    return undefined;
  } catch (error) {
    const said = String((error as { stderr?: unknown }).stderr ?? error).trim();
    return said || "the test cluster is not built: run script/cluster up (needs Go, about 5 minutes once)";
  }
}
