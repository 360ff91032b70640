import { type Admission, type Cluster, read, readAll } from "../api/cluster.ts";
import { updateObject } from "../api/update.ts";
import type { Failures } from "../control/failures.ts";
import { forbidden, resourceName } from "../errors/errors.ts";
import type { Kind } from "../kinds/kind.ts";
import { resourceQuotas } from "../kinds/other.ts";
import { pods } from "../kinds/pod.ts";
import type { Container, PodSpec, PodStatus } from "../kinds/pod-types.ts";
import { asFields, isEmpty, type KubeObject } from "../objects/object.ts";
import { formatQuantity, quantityOrZero } from "../objects/quantity.ts";
import { type ControllerContext, flatKey, onChange, unflat } from "./controller.ts";

/** Amounts by the name a quota gives them: `pods`, `count/deployments.apps`, `requests.cpu`. */
type Amounts = Readonly<Record<string, number>>;

const COMPUTE = ["cpu", "memory"] as const;

const total = (containers: readonly Container[], side: "requests" | "limits", resource: string): number =>
  containers.reduce((sum, { resources }) => sum + quantityOrZero(resources?.[side]?.[resource]), 0);

function podAmounts(pod: KubeObject): Amounts {
  const phase = (pod.status as PodStatus | undefined)?.phase;
  if (phase === "Succeeded" || phase === "Failed") return {};
  const { containers } = pod.spec as PodSpec;
  const compute = COMPUTE.flatMap((resource) => {
    const requests = total(containers, "requests", resource);
    const limits = total(containers, "limits", resource);
    return [
      [resource, requests],
      [`requests.${resource}`, requests],
      [`limits.${resource}`, limits],
    ] as const;
  });
  return { pods: 1, ...Object.fromEntries(compute) };
}

/** What one object uses of any quota. Core kinds may also be counted by their plain plural (`services`). */
function amountsOf(kind: Kind, object: KubeObject): Amounts {
  const plain = kind.group === "" && kind !== pods ? { [kind.plural]: 1 } : {};
  return {
    [`count/${resourceName(kind)}`]: 1,
    ...plain,
    ...(kind === pods ? podAmounts(object) : {}),
  };
}

const hardOf = (quota: KubeObject): Record<string, unknown> => asFields(asFields(quota.status)["hard"]);

function usedOf(cluster: Cluster, namespace: string): Amounts {
  const used: Record<string, number> = {};
  for (const kind of cluster.kinds.namespaced)
    for (const object of readAll(cluster, kind, namespace))
      for (const [name, amount] of Object.entries(amountsOf(kind, object))) used[name] = (used[name] ?? 0) + amount;
  return used;
}

const listed = (names: readonly string[], amounts: Amounts): string =>
  names.map((name) => `${name}=${formatQuantity(amounts[name] ?? 0)}`).join(",");

/** A quota on computing refuses pods that do not say how much they need. */
function unspecified(hard: Record<string, unknown>, kind: Kind, object: KubeObject): readonly string[] {
  if (kind !== pods) return [];
  const { containers } = object.spec as PodSpec;
  return COMPUTE.flatMap((resource) =>
    (["requests", "limits"] as const).flatMap((side) => {
      const names = [`${side}.${resource}`, ...(side === "requests" ? [resource] : [])];
      const told = containers.every(({ resources }) => resources?.[side]?.[resource] !== undefined);
      return told ? [] : names.filter((name) => name in hard);
    }),
  );
}

function checkQuota(quota: KubeObject, used: Amounts, kind: Kind, object: KubeObject): void {
  const hard = hardOf(quota);
  const { name } = quota.metadata;
  const silent = unspecified(hard, kind, object);
  const subject = object.metadata.name;
  if (silent.length > 0) throw forbidden(kind, subject, `failed quota: ${name}: must specify ${silent.join(",")}`);
  const asked = amountsOf(kind, object);
  const over = Object.keys(hard)
    .filter(
      (entry) => (asked[entry] ?? 0) > 0 && (used[entry] ?? 0) + (asked[entry] ?? 0) > quantityOrZero(hard[entry]),
    )
    .sort();
  if (over.length === 0) return;
  const limits = Object.fromEntries(over.map((entry) => [entry, quantityOrZero(hard[entry])]));
  throw forbidden(
    kind,
    subject,
    `exceeded quota: ${name}, requested: ${listed(over, asked)}, used: ${listed(over, used)}, limited: ${listed(over, limits)}`,
  );
}

/** Refuses what a quota of the namespace does not allow. A quota counts once its controller has seen it. */
export const quotaAdmission =
  (cluster: () => Cluster): Admission =>
  (kind, object) => {
    const { namespace } = object.metadata;
    if (namespace === undefined) return;
    const quotas = readAll(cluster(), resourceQuotas, namespace).filter((quota) => !isEmpty(hardOf(quota)));
    if (quotas.length === 0) return;
    const used = usedOf(cluster(), namespace);
    for (const quota of quotas) checkQuota(quota, used, kind, object);
  };

/** Refuses the pods of a repl that is told to fail by quota. */
export const quotaFailure =
  (failures: Failures): Admission =>
  (kind, object) => {
    if (kind !== pods) return;
    const told = failures.match(object);
    if (told?.failure !== "quota") return;
    throw forbidden(
      kind,
      object.metadata.name,
      told.message ?? "exceeded quota: repl-quota, requested: pods=1, used: pods=10, limited: pods=10",
    );
  };

/** Keeps `status.hard` and `status.used` of every quota. */
export function startQuotas(context: ControllerContext): void {
  const { cluster } = context;
  const queue = context.runtime.queue((key: string) => {
    const quota = read(cluster, resourceQuotas, unflat(key));
    if (quota === undefined || quota.metadata.deletionTimestamp !== undefined) return undefined;
    const hard = asFields(asFields(quota.spec)["hard"]);
    const used = usedOf(cluster, quota.metadata.namespace ?? "");
    const shown = Object.keys(hard).map((name) => [name, formatQuantity(used[name] ?? 0)]);
    updateObject(
      cluster,
      resourceQuotas,
      unflat(key),
      (current) => ({
        ...current,
        status: { hard, used: Object.fromEntries(shown) },
      }),
      { subresource: "status" },
    );
    return undefined;
  });
  for (const kind of cluster.kinds.namespaced)
    onChange(context, kind, ({ object }) => {
      const { namespace = "" } = object.metadata;
      for (const quota of readAll(cluster, resourceQuotas, namespace)) queue.add(flatKey(quota));
    });
}
