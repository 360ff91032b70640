import { randomUUID } from "node:crypto";
import { invalidValue } from "../errors/causes.ts";
import { alreadyExists, forbidden, internal, invalid, notFound, resourceName } from "../errors/errors.ts";
import { ensureFields, type Kind, orDefault } from "../kinds/kind.ts";
import { checkMetadata } from "../kinds/names.ts";
import { namespaces } from "../kinds/namespace.ts";
import { services } from "../kinds/service.ts";
import { generatedName } from "../objects/names.ts";
import { type KubeObject, keyOf, timestamp } from "../objects/object.ts";
import { recordUpdate } from "../patch/managed-fields.ts";
import { type Cluster, read, type WriteOptions } from "./cluster.ts";

const GENERATED_TRIES = 8;

/** A missing namespace is 404, one being deleted refuses all new content. */
function checkNamespace(cluster: Cluster, kind: Kind, object: KubeObject) {
  const name = object.metadata.namespace ?? "";
  const namespace = read(cluster, namespaces, { namespace: "", name });
  if (namespace === undefined) throw notFound(namespaces, name);
  if (namespace.metadata.deletionTimestamp === undefined) return;
  throw forbidden(
    kind,
    object.metadata.name,
    `unable to create new content in namespace ${name} because it is being terminated`,
    [
      {
        reason: "NamespaceTerminating",
        message: `namespace ${name} is being terminated`,
        field: "metadata.namespace",
      },
    ],
  );
}

function chooseName(cluster: Cluster, kind: Kind, object: KubeObject): string {
  const { name, generateName, namespace = "" } = object.metadata;
  if (name || !generateName) return name ?? "";
  for (let tried = 0; tried < GENERATED_TRIES; tried += 1) {
    const candidate = generatedName(generateName);
    if (!read(cluster, kind, { namespace, name: candidate })) return candidate;
  }
  return generatedName(generateName);
}

function freshMetadata(object: KubeObject, name: string, kind: Kind): KubeObject["metadata"] {
  const given = object.metadata;
  return {
    name,
    ...(given.generateName ? { generateName: given.generateName } : {}),
    ...(given.namespace ? { namespace: given.namespace } : {}),
    uid: randomUUID(),
    resourceVersion: "",
    ...(kind.generation ? { generation: 1 } : {}),
    creationTimestamp: timestamp(),
    ...(given.labels ? { labels: given.labels } : {}),
    ...(given.annotations ? { annotations: given.annotations } : {}),
    ...(given.ownerReferences ? { ownerReferences: given.ownerReferences } : {}),
    ...(given.finalizers?.length ? { finalizers: given.finalizers } : {}),
  };
}

/** Gives a Service its address, or checks the one it asks for. */
function allocateAddress(cluster: Cluster, object: KubeObject): void {
  const spec = ensureFields(object, "spec");
  if (spec["type"] === "ExternalName" || spec["clusterIP"] === "None") return;
  const asked = spec["clusterIP"] ? String(spec["clusterIP"]) : undefined;
  if (asked !== undefined && !cluster.addresses.claim(asked))
    throw invalid(services, object.metadata.name, [
      invalidValue("spec.clusterIPs", [asked], `failed to allocate IP ${asked}: provided IP is already allocated`),
    ]);
  const address = asked ?? cluster.addresses.take();
  if (address === undefined) throw internal("range is full");
  spec["clusterIP"] = address;
  orDefault(spec, "clusterIPs", [address]);
}

/** Brings a draft to the form in which it would be stored. */
function prepare(cluster: Cluster, kind: Kind, draft: KubeObject): KubeObject {
  const name = chooseName(cluster, kind, draft);
  const { kind: kindName, apiVersion, metadata: _, ...rest } = draft;
  const metadata = freshMetadata(draft, name, kind);
  const object: KubeObject = { kind: kindName, apiVersion, metadata, ...rest };
  if (kind.status && !kind.statusOnCreate) delete object.status;
  kind.fillDefaults(object);
  const causes = [...checkMetadata(object, kind.nameRule), ...kind.validate(object)];
  if (causes.length > 0) throw invalid(kind, name, causes);
  return object;
}

/**
 * Creates an object from a draft that the caller owns (it is filled in place).
 * @throws ApiError 403, 404, 409 or 422, in the order in which kube-apiserver checks.
 */
export function createObject(cluster: Cluster, kind: Kind, draft: KubeObject, options: WriteOptions = {}): KubeObject {
  if (kind.namespaced) checkNamespace(cluster, kind, draft);
  const object = prepare(cluster, kind, draft);
  for (const admit of cluster.admissions) admit(kind, object);
  const existing = read(cluster, kind, keyOf(object));
  if (existing !== undefined)
    throw alreadyExists(kind, object.metadata.name, existing.metadata.deletionTimestamp !== undefined);
  const managed = recordUpdate(cluster, kind, object, undefined, options);
  if (options.managedFields) managed.metadata.managedFields = options.managedFields;
  if (kind === services) allocateAddress(cluster, managed);
  if (!options.dryRun) return cluster.store.put(resourceName(kind), managed);
  if (kind === services) cluster.addresses.giveBack(String(ensureFields(managed, "spec")["clusterIP"]));
  const { resourceVersion: _, ...metadata } = managed.metadata;
  return { ...managed, metadata: metadata as KubeObject["metadata"] };
}
