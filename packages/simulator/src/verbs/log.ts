import { read } from "../api/cluster.ts";
import { badRequest, notFound } from "../errors/errors.ts";
import type { ContainerStatus, PodSpec, PodStatus } from "../kinds/pod-types.ts";
import type { KubeObject } from "../objects/object.ts";
import type { VerbHandler } from "./context.ts";

const statusesOf = ({ status }: KubeObject): readonly ContainerStatus[] => {
  const { initContainerStatuses = [], containerStatuses = [] } = status as PodStatus;
  return [...initContainerStatuses, ...containerStatuses];
};

/** The container asked for, or the only one. */
function containerName(pod: KubeObject, asked: string | null): string {
  const { initContainers = [], containers } = pod.spec as PodSpec;
  const all = [...initContainers, ...containers];
  if (asked !== null && asked !== "") {
    if (all.some(({ name }) => name === asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${pod.metadata.name}`);
  }
  const [only] = containers;
  if (containers.length === 1 && only !== undefined) return only.name;
  throw badRequest(
    `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${all.map(({ name }) => name).join(" ")}]`,
  );
}

function waiting(pod: KubeObject, name: string, reason: string): never {
  throw badRequest(`container "${name}" in pod "${pod.metadata.name}" is waiting to start: ${reason}`);
}

/** GET of a pod's log: what the container would have written by now. */
export const handleLog: VerbHandler = ({ cluster, target, request }) => {
  const { kind, namespace, name } = target;
  const pod = read(cluster, kind, { namespace, name });
  if (pod === undefined) throw notFound(kind, name);
  const container = containerName(pod, request.query.get("container"));
  const status = statusesOf(pod).find((entry) => entry.name === container);
  const ended =
    status?.state.terminated ??
    (request.query.get("previous") === "true" || !status?.state.running ? status?.lastState.terminated : undefined);
  if (status === undefined || (!status.state.running && !ended))
    waiting(pod, container, status?.state.waiting?.reason ?? "PodInitializing");
  const lines = [`${container}: started`, ...(ended?.message ? [ended.message] : [])];
  return { code: 200, body: `${lines.join("\n")}\n` };
};
