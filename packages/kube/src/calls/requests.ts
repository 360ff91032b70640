import type {
  CallOptions,
  ListOptions,
  PatchOptions,
  RemoveOptions,
  Selection,
  WatchOptions,
  WriteOptions,
} from "../client-types.ts";
import { type KindRef, kindRow } from "../kinds.ts";
import type { KubeObject } from "../kube-object.ts";
import { collectionPath, type ResourceRef, refOf, resourcePath, subjectOf } from "../subject.ts";
import type { Query } from "../transport/target.ts";
import type { WatchCall } from "../watch/watch.ts";
import type { Call } from "./calls.ts";

/** What a client's methods mean in HTTP; pure. Every function throws a TypeError for what cannot be addressed. */
export interface Requests {
  create(manifest: KubeObject, write?: WriteOptions): Call;
  get(ref: ResourceRef, reading?: CallOptions): Call;
  replace(manifest: KubeObject, write?: WriteOptions): Call;
  patch(ref: ResourceRef, body: unknown, patching: PatchOptions): Call;
  remove(ref: ResourceRef, removal: RemoveOptions): Call;
  list(kind: KindRef, listing: ListOptions, query: Query): Call;
  watch(kind: KindRef, watching: WatchOptions): WatchCall;
  read(path: string, reading: CallOptions | undefined, query?: Query): Call;
}

const PATCH_TYPES: Record<PatchOptions["type"], string> = {
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  // JSON is YAML, and this is the only type for an apply that every server has.
  apply: "application/apply-patch+yaml",
};

/** Half the bytes of an answer, and of the work of reading it. A server that cannot leave the rest out answers all of it. */
const METADATA_ALONE = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json";

/** Builds the requests of a client that writes under this name. */
export function createRequests(fieldManager: string): Requests {
  const writeQuery = (write: WriteOptions = {}): Query => ({
    fieldManager: write.fieldManager ?? fieldManager,
    // Without it the server drops fields that it does not know, and says so in a header at most.
    fieldValidation: "Strict",
    dryRun: write.dryRun ? "All" : undefined,
  });

  return {
    create(manifest, write) {
      const ref = refOf(manifest);
      const path = collectionPath(ref, ref.namespace);
      const call = { ...one("create", ref), method: "POST" as const, path, query: writeQuery(write) };
      return { ...call, body: manifest, accept: METADATA_ALONE, options: write };
    },
    get: (ref, reading) => ({ ...one("get", ref), method: "GET", path: resourcePath(ref), options: reading }),
    replace(manifest, write) {
      const ref = refOf(manifest);
      if (!manifest.metadata.resourceVersion) {
        throw new TypeError(`${subjectOf(ref)}: a replace needs metadata.resourceVersion`);
      }
      const path = resourcePath(ref);
      return { ...one("replace", ref), method: "PUT", path, query: writeQuery(write), body: manifest, options: write };
    },
    patch: (ref, body, patching) => ({
      ...one("patch", ref),
      method: "PATCH",
      path: resourcePath(ref, patching.subresource),
      query: { ...writeQuery(patching), force: patching.type === "apply" ? patching.force : undefined },
      body,
      contentType: PATCH_TYPES[patching.type],
      options: patching,
    }),
    remove: (ref, removal) => ({
      ...one("remove", ref),
      method: "DELETE",
      path: resourcePath(ref),
      body: deleteBody(removal),
      options: removal,
    }),
    list: (kind, listing, query) => ({ ...all("list", kind, listing), query, options: listing }),
    watch: watchCall,
    read: (path, reading, query) => ({
      verb: "read",
      subject: path,
      resource: path.endsWith("/log") ? "pods/log" : "path",
      method: "GET",
      path,
      query,
      accept: "*/*",
      options: reading,
    }),
  };
}

/** What every call about one resource has in common. */
function one(verb: Call["verb"], ref: ResourceRef) {
  return { verb, ref, subject: subjectOf(ref), kind: ref.kind, resource: kindRow(ref).plural };
}

/** What every call about a collection has in common. */
function all<V extends Call["verb"]>(verb: V, kind: KindRef, { namespace }: Selection) {
  return {
    verb,
    subject: namespace === undefined ? kind.kind : `${kind.kind}/${namespace}`,
    kind: kind.kind,
    resource: kindRow(kind).plural,
    method: "GET" as const,
    path: collectionPath(kind, namespace),
  };
}

function watchCall(kind: KindRef, watching: WatchOptions): WatchCall {
  const { labelSelector, fieldSelector, resourceVersion, timeoutSeconds, signal, idleMs, onOpen } = watching;
  return {
    ...all("watch", kind, watching),
    query: { watch: true, allowWatchBookmarks: true, labelSelector, fieldSelector, resourceVersion, timeoutSeconds },
    signal,
    idleMs,
    onOpen,
  };
}

function deleteBody(removal: RemoveOptions) {
  const { uid, resourceVersion } = removal;
  const unconditional = uid === undefined && resourceVersion === undefined;
  return {
    apiVersion: "v1",
    kind: "DeleteOptions",
    preconditions: unconditional ? undefined : { uid, resourceVersion },
    propagationPolicy: removal.propagation,
    gracePeriodSeconds: removal.gracePeriodSeconds,
    dryRun: removal.dryRun ? ["All"] : undefined,
  };
}
