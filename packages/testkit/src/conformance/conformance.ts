import { describe } from "vitest";
import { discovering, guarding, namespacing } from "./access.ts";
import { applying } from "./apply.ts";
import { creating, naming, refusing } from "./create.ts";
import { collecting, deleting } from "./delete.ts";
import { guardingPods, isolating, limitingContainers } from "./isolation.ts";
import { listing, watching } from "./list-watch.ts";
import { clusterFor, type Part } from "./suite.ts";
import type { ConformanceTarget } from "./target.ts";
import { keeping, updating } from "./update.ts";
import { limiting, numbering, running, scaling } from "./workload.ts";

export type { ConformanceTarget } from "./target.ts";

/** A real control plane needs this long for its slowest steps (namespace deletion, garbage collection), milliseconds. */
const TEST_TIMEOUT_MS = 120_000;

const PARTS: Readonly<Record<string, Part>> = {
  discovery: discovering,
  access: guarding,
  namespaces: namespacing,
  creating,
  refusing,
  naming,
  updating,
  "what an update keeps": keeping,
  deleting,
  "garbage collection": collecting,
  listing,
  watching,
  "server-side apply": applying,
  rollouts: running,
  scaling,
  StatefulSets: numbering,
  quotas: limiting,
  "limits of containers": limitingContainers,
  "Pod Security": guardingPods,
  isolation: isolating,
};

/**
 * Declares the tests of what this product relies on in a Kubernetes API server, to be run alike against a real one and against the
 * simulator, so that the two cannot drift apart. Needs controllers, a scheduler and one node that runs pods. Each test makes a namespace of
 * its own and removes it. Speaks plain HTTP, so no client of ours can hide a difference.
 *
 * @param name how the tests are headed.
 * @param getTarget where to find the server; called in each test, so it may wait for a start in `beforeAll`.
 */
export function describeKubernetesConformance(name: string, getTarget: () => Promise<ConformanceTarget>): void {
  const withCluster = clusterFor(getTarget);
  describe(`${name} as a Kubernetes API server`, { timeout: TEST_TIMEOUT_MS }, () => {
    for (const [part, declare] of Object.entries(PARTS)) describe(part, () => declare(withCluster, getTarget));
  });
}
