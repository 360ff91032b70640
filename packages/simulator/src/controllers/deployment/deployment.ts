import { read } from "../../api/cluster.ts";
import { createObject } from "../../api/create.ts";
import { removeObject } from "../../api/remove.ts";
import { updateObject } from "../../api/update.ts";
import { deployments, replicaSets } from "../../kinds/deployment.ts";
import { pods } from "../../kinds/pod.ts";
import { cloneJson } from "../../objects/clone.ts";
import { templateHash } from "../../objects/names.ts";
import { type KubeObject, keyOf } from "../../objects/object.ts";
import { type ControllerContext, flatKey, onChange, unflat } from "../controller.ts";
import { indexByOwner, ownedBy, queueOwner } from "../owned.ts";
import { limits, nextSizes, setStatus, specOf, wantedOf } from "./rollout.ts";
import { deadlineLeftMs, nextStatus, type Rollout } from "./status.ts";

const HASH = "pod-template-hash";
const REVISION = "deployment.kubernetes.io/revision";
const COMPONENT = "deployment-controller";

const revisionOf = ({ metadata }: KubeObject): number => Number(metadata.annotations?.[REVISION] ?? 0);

/** The ReplicaSet of the Deployment's present template. */
function setFor(deployment: KubeObject, revision: number): KubeObject {
  const { template, replicas, selector, minReadySeconds } = specOf(deployment);
  const hash = templateHash(template);
  const labels = { ...template.metadata?.labels, [HASH]: hash };
  const { surge } = limits(specOf(deployment));
  return cloneJson({
    kind: "ReplicaSet",
    apiVersion: "apps/v1",
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace ?? "",
      labels,
      annotations: {
        "deployment.kubernetes.io/desired-replicas": String(replicas),
        "deployment.kubernetes.io/max-replicas": String(replicas + surge),
        [REVISION]: String(revision),
      },
      ownerReferences: [ownedBy(deployments, deployment)],
    } as unknown as KubeObject["metadata"],
    spec: {
      replicas: 0,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: {
        ...selector,
        matchLabels: { ...selector.matchLabels, [HASH]: hash },
      },
      template: {
        ...template,
        metadata: { ...template.metadata, labels },
      },
    },
  });
}

/** Rolls Deployments out: one ReplicaSet for each template, sized step by step. */
export function startDeployments(context: ControllerContext): void {
  const { cluster, events } = context;
  const owned = indexByOwner(context, replicaSets);
  const ownedPods = indexByOwner(context, pods);

  const look = (deployment: KubeObject): Rollout => {
    const hash = templateHash(specOf(deployment).template);
    const sets = owned.of(deployment);
    const current = sets.find((set) => set.metadata.labels?.[HASH] === hash);
    return {
      deployment,
      current,
      old: sets.filter((set) => set !== current),
      terminating: sets
        .flatMap((set) => ownedPods.of(set))
        .filter((pod) => pod.metadata.deletionTimestamp !== undefined).length,
    };
  };

  const setRevision = (deployment: KubeObject, revision: number): void => {
    updateObject(cluster, deployments, keyOf(deployment), (current) => ({
      ...cloneJson(current),
      metadata: {
        ...current.metadata,
        annotations: {
          ...current.metadata.annotations,
          [REVISION]: String(revision),
        },
      },
    }));
  };

  const noteScaling = (deployment: KubeObject, set: KubeObject, before: number, size: number): void =>
    events.record(deployment, {
      type: "Normal",
      reason: "ScalingReplicaSet",
      message: `Scaled ${size > before ? "up" : "down"} replica set ${set.metadata.name} from ${before} to ${size}`,
      component: COMPONENT,
    });

  /** A new ReplicaSet begins with the size it would get next. */
  const createSet = (deployment: KubeObject, set: KubeObject, old: readonly KubeObject[]): void => {
    const size = nextSizes(specOf(deployment), set, old).get(set.metadata.name) ?? 0;
    createObject(cluster, replicaSets, { ...set, spec: { ...(set.spec as object), replicas: size } });
    if (size > 0) noteScaling(deployment, set, 0, size);
  };

  const ensureSet = ({ deployment, current, old }: Rollout): void => {
    const last = Math.max(0, ...old.map(revisionOf));
    const revision = current !== undefined && revisionOf(current) > last ? revisionOf(current) : last + 1;
    if (current === undefined) createSet(deployment, setFor(deployment, revision), old);
    else if (revisionOf(current) !== revision)
      updateObject(cluster, replicaSets, keyOf(current), (now) => ({
        ...cloneJson(now),
        metadata: {
          ...now.metadata,
          annotations: {
            ...now.metadata.annotations,
            [REVISION]: String(revision),
          },
        },
      }));
    if (revisionOf(deployment) !== revision) setRevision(deployment, revision);
  };

  const resize = (deployment: KubeObject, set: KubeObject, size: number): void => {
    const before = wantedOf(set);
    if (before === size) return;
    updateObject(cluster, replicaSets, keyOf(set), (current) => ({
      ...cloneJson(current),
      spec: { ...(current.spec as object), replicas: size },
    }));
    noteScaling(deployment, set, before, size);
  };

  const forgetOld = ({ deployment, old }: Rollout): void => {
    const idle = old
      .filter((set) => wantedOf(set) === 0 && !setStatus(set).replicas)
      .toSorted((a, b) => revisionOf(b) - revisionOf(a));
    for (const set of idle.slice(specOf(deployment).revisionHistoryLimit))
      removeObject(cluster, replicaSets, keyOf(set));
  };

  const scale = (rollout: Rollout): void => {
    const { deployment, current, old } = rollout;
    if (current === undefined) return;
    const sizes = nextSizes(specOf(deployment), current, old);
    for (const set of [current, ...old]) resize(deployment, set, sizes.get(set.metadata.name) ?? wantedOf(set));
  };

  const queue = context.runtime.queue((key: string) => {
    const deployment = read(cluster, deployments, unflat(key));
    if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined) return undefined;
    if (!specOf(deployment).paused) ensureSet(look(deployment));
    const now = read(cluster, deployments, unflat(key)) ?? deployment;
    scale(look(now));
    forgetOld(look(now));
    const updated = updateObject(
      cluster,
      deployments,
      unflat(key),
      (current) => ({ ...current, status: nextStatus(look(current)) }),
      { subresource: "status" },
    );
    const left = deadlineLeftMs(updated);
    return left === undefined ? undefined : Math.max(1, left);
  });

  onChange(context, deployments, ({ type, object }) => {
    if (type !== "DELETED") queue.add(flatKey(object));
  });
  queueOwner(context, replicaSets, "Deployment", queue);
}
