import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";

/** What pods take up on the node of tools/realcluster. */
export interface Footprint {
  readonly addresses: readonly string[];
  readonly cgroups: readonly string[];
  readonly networkNamespaces: readonly string[];
  readonly mounts: readonly string[];
  /** Of the shims, one for each pod. */
  readonly shims: number;
}

/** The one node of tools/realcluster, seen from outside of Kubernetes. */
export interface RealNode {
  footprint(): Promise<Footprint>;
  /** The kubelet falls silent, as on a node that lost its power or its network, until it is resumed. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}

const KUBEPODS = /^kubepods/;
const POD_CGROUP = /\/pod[0-9a-f-]{36}$/;

/** @param dataDir the data folder given to tools/realcluster/up */
export function realNode(dataDir: string): RealNode {
  const signalKubelet = async (signal: NodeJS.Signals) => {
    process.kill(Number(await readFile(join(dataDir, "kubelet.pid"), "utf8")), signal);
  };
  return {
    footprint: async () => ({
      addresses: (await namesIn(join(dataDir, "cni/addresses/pods"))).filter((name) => /^[\d.]+$/.test(name)),
      cgroups: await podCgroups(),
      networkNamespaces: (await namesIn("/run/netns")).filter((name) => name.startsWith("cni-")),
      mounts: await podMounts(dataDir),
      shims: await countShims(),
    }),
    pause: () => signalKubelet("SIGSTOP"),
    resume: () => signalKubelet("SIGCONT"),
  };
}

async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names.sort();
}

/** Of one hierarchy: cgroup v2 has no other, and each pod is in all of v1's. */
async function podCgroups(): Promise<string[]> {
  const roots = ["/sys/fs/cgroup", "/sys/fs/cgroup/memory"];
  const found = await Promise.all(
    roots.map(async (root) => {
      const trees = (await namesIn(root)).filter((name) => KUBEPODS.test(name));
      const inside = trees.map((tree) => readdir(join(root, tree), { recursive: true }).catch(() => []));
      return (await Promise.all(inside)).flat().map((path) => `/${path}`);
    }),
  );
  return found
    .flat()
    .filter((path) => POD_CGROUP.test(path))
    .sort();
}

async function podMounts(dataDir: string): Promise<string[]> {
  const lines = (await readFile("/proc/mounts", "utf8")).split("\n");
  const points = lines.map((line) => line.split(" ")[1] ?? "");
  return points
    .filter((path) => path.startsWith(`${dataDir}/kubelet/pods/`) || path.startsWith("/run/realcluster/"))
    .sort();
}

async function countShims(): Promise<number> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return commands.filter((command) => command.includes("containerd-shim") && command.includes("/run/realcluster/"))
    .length;
}
