import { read, readAll } from "../api/cluster.ts";
import { createObject } from "../api/create.ts";
import { removeObject } from "../api/remove.ts";
import { ApiError } from "../errors/api-error.ts";
import { resourceName } from "../errors/errors.ts";
import { configMaps, serviceAccounts } from "../kinds/config.ts";
import { namespaces } from "../kinds/namespace.ts";
import { pods } from "../kinds/pod.ts";
import { type KubeObject, keyOf } from "../objects/object.ts";
import { type ControllerContext, onChange } from "./controller.ts";

/** How soon it looks again whether a namespace has emptied. */
const LOOK_MS = 20;

/** Puts in each namespace what a real cluster puts there, and empties namespaces that are being deleted. */
export function startNamespaces(context: ControllerContext, authority: string): void {
  const { cluster, runtime } = context;

  const furnish = (namespace: string): void => {
    const place = (name: string) => ({ name, namespace }) as unknown as KubeObject["metadata"];
    const furniture = [
      [
        serviceAccounts,
        {
          kind: "ServiceAccount",
          apiVersion: "v1",
          metadata: place("default"),
        },
      ],
      [
        configMaps,
        {
          kind: "ConfigMap",
          apiVersion: "v1",
          metadata: place("kube-root-ca.crt"),
          data: { "ca.crt": authority },
        },
      ],
    ] as const;
    for (const [kind, object] of furniture)
      if (read(cluster, kind, keyOf(object)) === undefined) createObject(cluster, kind, object);
  };

  /** Pods last of all: their owners would make new ones. */
  const empty = (namespace: string): number => {
    const kinds = cluster.kinds.namespaced.filter((kind) => kind !== pods);
    let left = 0;
    for (const kind of [...kinds, pods])
      for (const object of readAll(cluster, kind, namespace)) {
        if (object.metadata.deletionTimestamp === undefined) removeObject(cluster, kind, keyOf(object));
        if (read(cluster, kind, keyOf(object)) !== undefined) left += 1;
      }
    return left;
  };

  const queue = runtime.queue((name: string) => {
    const key = { namespace: "", name };
    const namespace = read(cluster, namespaces, key);
    if (namespace === undefined) return undefined;
    if (namespace.metadata.deletionTimestamp === undefined) {
      furnish(name);
      return undefined;
    }
    if (empty(name) > 0) return LOOK_MS;
    if ((namespace.metadata.finalizers ?? []).length > 0) return LOOK_MS;
    cluster.store.remove(resourceName(namespaces), key);
    return undefined;
  });

  const refurnish = (namespace: string): void => {
    const owner = read(cluster, namespaces, { namespace: "", name: namespace });
    if (owner !== undefined) queue.add(namespace);
  };
  onChange(context, namespaces, ({ object }) => queue.add(object.metadata.name));
  for (const kind of [configMaps, serviceAccounts])
    onChange(context, kind, ({ type, object }) => {
      if (type === "DELETED") refurnish(object.metadata.namespace ?? "");
    });
}

/** Makes a namespace unless it is there. */
export function ensureNamespace({ cluster }: ControllerContext, name: string): void {
  try {
    createObject(cluster, namespaces, {
      kind: "Namespace",
      apiVersion: "v1",
      metadata: { name } as unknown as KubeObject["metadata"],
    });
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 409)) throw error;
  }
}
