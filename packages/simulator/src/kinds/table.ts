import { configMaps, secrets, serviceAccounts } from "./config.ts";
import { deployments, replicaSets } from "./deployment.ts";
import { ingresses } from "./ingress.ts";
import { jobs } from "./job.ts";
import { apiVersionOf, type Kind } from "./kind.ts";
import { limitRanges } from "./limit-range.ts";
import { namespaces } from "./namespace.ts";
import { nodes } from "./node.ts";
import { events, httpRoutes, networkPolicies, persistentVolumeClaims, resourceQuotas } from "./other.ts";
import { pods } from "./pod.ts";
import { services } from "./service.ts";
import { statefulSets } from "./stateful-set.ts";

/** Every kind the simulator knows. A new kind is one row here. */
const ALWAYS: readonly Kind[] = [
  namespaces,
  nodes,
  pods,
  services,
  configMaps,
  secrets,
  serviceAccounts,
  persistentVolumeClaims,
  resourceQuotas,
  limitRanges,
  events,
  deployments,
  replicaSets,
  statefulSets,
  jobs,
  ingresses,
  networkPolicies,
];

/** The table of kinds with the look-ups the rest needs. */
export interface Kinds {
  readonly all: readonly Kind[];
  readonly namespaced: readonly Kind[];
  byPlural(group: string, version: string, plural: string): Kind | undefined;
  byName(apiVersion: string, kind: string): Kind | undefined;
}

export function createKinds(options: { gatewayApi: boolean }): Kinds {
  const all = options.gatewayApi ? [...ALWAYS, httpRoutes] : ALWAYS;
  const plurals = new Map(all.map((kind) => [`${apiVersionOf(kind)}/${kind.plural}`, kind]));
  const names = new Map(all.map((kind) => [`${apiVersionOf(kind)}/${kind.kind}`, kind]));
  return {
    all,
    namespaced: all.filter((kind) => kind.namespaced),
    byPlural: (group, version, plural) => plurals.get(`${group === "" ? "" : `${group}/`}${version}/${plural}`),
    byName: (apiVersion, kind) => names.get(`${apiVersion}/${kind}`),
  };
}
