import { type KindRef, kindRow } from "./kinds.ts";
import type { KubeObject } from "./kube-object.ts";

/** Which resource is meant. `namespace` is left out for kinds that live in none. */
export interface ResourceRef extends KindRef {
  namespace?: string | undefined;
  name: string;
}

/** The resource as people and logs name it: `Deployment/namespace/name`, `Namespace/name`. */
export function subjectOf(ref: ResourceRef): string {
  return ref.namespace === undefined ? `${ref.kind}/${ref.name}` : `${ref.kind}/${ref.namespace}/${ref.name}`;
}

/**
 * The resource a manifest is about.
 * @throws {TypeError} when the kind is unknown, or a name or a needed namespace is missing
 */
export function refOf(object: KubeObject): ResourceRef {
  const { apiVersion, kind, metadata } = object;
  const { namespaced } = kindRow({ apiVersion, kind });
  if (!metadata?.name) throw new TypeError(`${kind}: metadata.name is missing`);
  if (!namespaced) return { apiVersion, kind, name: metadata.name };
  if (!metadata.namespace) {
    throw new TypeError(`${kind}/${metadata.name}: metadata.namespace is missing`);
  }
  return {
    apiVersion,
    kind,
    namespace: metadata.namespace,
    name: metadata.name,
  };
}

/** A collection's path: of one namespace, or of the whole cluster when none is given. */
export function collectionPath(kind: KindRef, namespace?: string): string {
  const { apiVersion, plural, namespaced } = kindRow(kind);
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  if (!namespaced || namespace === undefined) return `${root}/${plural}`;
  return `${root}/namespaces/${segment(namespace)}/${plural}`;
}

/**
 * A resource's path, with its subresource (`status`, `log`, …) where one is given.
 * @throws {TypeError} when a namespaced kind comes without a namespace: the path would mean something else
 */
export function resourcePath(ref: ResourceRef, subresource?: string): string {
  if (kindRow(ref).namespaced && !ref.namespace) {
    throw new TypeError(`${subjectOf(ref)}: a ${ref.kind} needs a namespace`);
  }
  const path = `${collectionPath(ref, ref.namespace)}/${segment(ref.name)}`;
  return subresource === undefined ? path : `${path}/${segment(subresource)}`;
}

/** `.` and `..` survive percent-encoding and would be resolved away by proxies: no Kubernetes name is one of them. */
function segment(name: string): string {
  if (name === "" || name === "." || name === "..") {
    throw new TypeError(`${JSON.stringify(name)} is no name`);
  }
  return encodeURIComponent(name);
}
