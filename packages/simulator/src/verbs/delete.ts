import { readAll } from "../api/cluster.ts";
import { removeObject } from "../api/remove.ts";
import type { Status } from "../errors/api-error.ts";
import { formatList, formatObject, formatOf } from "../http/format.ts";
import type { Kind } from "../kinds/kind.ts";
import { type KubeObject, keyOf } from "../objects/object.ts";
import { parseFieldSelector } from "../select/field-selector.ts";
import { parseLabelSelector } from "../select/label-selector.ts";
import type { VerbHandler } from "./context.ts";
import { deleteOptions } from "./delete-options.ts";

const success = (kind: Kind, { metadata }: KubeObject): Status => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Success",
  details: {
    name: metadata.name,
    ...(kind.group === "" ? {} : { group: kind.group }),
    kind: kind.plural,
    uid: metadata.uid,
  },
});

/** DELETE of one object: a Status when it is gone, the object when it is only marked. */
export const handleDelete: VerbHandler = ({ cluster, target, request }) => {
  const { kind, namespace, name } = target;
  const format = formatOf(request.accept);
  const options = deleteOptions(request);
  const removal = removeObject(cluster, kind, { namespace, name }, options);
  const asStatus = removal.gone && !kind.returnsDeleted;
  return {
    code: 200,
    body: asStatus ? success(kind, removal.object) : formatObject(kind, removal.object, format),
  };
};

/** DELETE of a collection: everything that the selectors match; answers with what was there. */
export const handleDeleteCollection: VerbHandler = ({ cluster, target, request }) => {
  const { kind, namespace } = target;
  const options = deleteOptions(request);
  const byLabel = parseLabelSelector(request.query.get("labelSelector") ?? "");
  const byField = parseFieldSelector(kind, request.query.get("fieldSelector") ?? "");
  const removed = readAll(cluster, kind, namespace)
    .filter((object) => byLabel(object) && byField(object))
    .map((object) => removeObject(cluster, kind, keyOf(object), options).object);
  const metadata = { resourceVersion: String(cluster.store.revision) };
  return { code: 200, body: formatList(kind, removed, metadata, "object") };
};
