/** Node -> the nodes it leads to. */
export type Graph = ReadonlyMap<string, readonly string[]>;

/**
 * The strongly connected groups of more than one node, and nodes that lead to themselves, each in alphabetical order:
 * within a group every node reaches every other one. Targets that are no node of the graph do not count.
 */
export function cyclesOf(graph: Graph): string[][] {
  const reach = new Map([...graph.keys()].map((node) => [node, reachedFrom(graph, node)]));
  const reaches = (from: string, to: string): boolean => reach.get(from)?.has(to) ?? false;
  const onCycle = [...graph.keys()].filter((node) => reaches(node, node)).sort();
  const groups = Map.groupBy(onCycle, (node) => onCycle.find((other) => reaches(node, other) && reaches(other, node)));
  return [...groups.values()];
}

/** All nodes that one step or more lead to. */
function reachedFrom(graph: Graph, start: string): Set<string> {
  const reached = new Set<string>();
  const open = [start];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const next of graph.get(node) ?? []) {
      if (!graph.has(next) || reached.has(next)) continue;
      reached.add(next);
      open.push(next);
    }
  }
  return reached;
}
