import { readFile } from "node:fs/promises";

/** One frame of a V8 profile (the file that `node --cpu-prof` writes). */
interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** Whose code a frame is. */
export type Origin = "own" | "library" | "node" | "engine";

/** A function with all that it called, as far as time was spent there. */
export interface Frame {
  readonly name: string;
  readonly origin: Origin;
  /** Microseconds in it and all below it. */
  readonly totalUs: number;
  /** The most expensive first. */
  readonly children: readonly Frame[];
}

/** Loading code happens once in a process's life, so it would only hide what the work costs. */
const LOADING = /^node:internal\/(modules|main)\//;
const NO_WORK = new Set(["(idle)", "(program)"]);

/** Reads a profile as one tree, without idle time and without the loading of modules. */
export async function readProfile(path: string): Promise<Frame> {
  const { nodes, samples, timeDeltas } = JSON.parse(await readFile(path, "utf8")) as Profile;
  const selfUs = new Map<number, number>();
  for (const [index, id] of samples.entries()) selfUs.set(id, (selfUs.get(id) ?? 0) + (timeDeltas[index] ?? 0));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const [root] = nodes;
  if (root === undefined) throw new Error(`${path} holds no profile`);
  return frameOf([root], byId, selfUs);
}

/** The frames of one function below one caller; V8 has several where it was called from several lines. */
function frameOf(
  nodes: readonly ProfileNode[],
  byId: ReadonlyMap<number, ProfileNode>,
  selfUs: ReadonlyMap<number, number>,
): Frame {
  const called = nodes
    .flatMap(({ children = [] }) => children.map((id) => byId.get(id) as ProfileNode))
    .filter(({ callFrame }) => !LOADING.test(callFrame.url) && !NO_WORK.has(callFrame.functionName));
  const groups = Map.groupBy(
    called,
    ({ callFrame }) => `${callFrame.functionName} ${callFrame.url}:${callFrame.lineNumber}`,
  );
  const children = [...groups.values()]
    .map((group) => frameOf(group, byId, selfUs))
    .sort((left, right) => right.totalUs - left.totalUs);
  const ownUs = nodes.reduce((sum, { id }) => sum + (selfUs.get(id) ?? 0), 0);
  const { callFrame } = nodes[0] as ProfileNode;
  return {
    name: nameOf(callFrame),
    origin: originOf(callFrame),
    totalUs: children.reduce((sum, { totalUs }) => sum + totalUs, ownUs),
    children,
  };
}

function originOf({ url }: ProfileNode["callFrame"]): Origin {
  if (url === "") return "engine";
  if (url.startsWith("node:")) return "node";
  return url.includes("/node_modules/") ? "library" : "own";
}

/** The function and its file, below the repository or the library's name: no path of the machine. */
function nameOf({ functionName, url, lineNumber }: ProfileNode["callFrame"]): string {
  const file = url.replace(/^.*\/node_modules\//, "").replace(/^file:.*?\/((?:apps|packages|bench)\/)/, "$1");
  const where = file === "" ? "" : ` (${file}:${lineNumber + 1})`;
  return `${functionName || "anonymous"}${where}`;
}
