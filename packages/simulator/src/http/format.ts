import { notAcceptable } from "../errors/errors.ts";
import { type Column, nameColumn } from "../kinds/column.ts";
import { apiVersionOf, type Kind } from "../kinds/kind.ts";
import type { KubeObject } from "../objects/object.ts";

/** How a client wants objects: whole, as rows to print, or their metadata alone. */
export type Format = "object" | "table" | "metadata";

/** Reads `Accept`; `application/json;as=Table;v=v1;g=meta.k8s.io` asks for rows. */
export function formatOf(accept: string): Format {
  if (accept === "") return "object";
  for (const part of accept.split(",")) {
    const [type = "", ...parameters] = part.split(";").map((p) => p.trim());
    if (!["application/json", "*/*", "application/*"].includes(type)) continue;
    const as = parameters.find((parameter) => parameter.startsWith("as="));
    if (as === undefined) return "object";
    if (as === "as=Table") return "table";
    if (as.startsWith("as=PartialObjectMetadata")) return "metadata";
  }
  throw notAcceptable();
}

const META_V1 = "meta.k8s.io/v1";

const columnsOf = (kind: Kind): readonly Column[] => (kind.columns.length > 0 ? kind.columns : [nameColumn]);

const partial = (object: KubeObject) => ({
  kind: "PartialObjectMetadata",
  apiVersion: META_V1,
  metadata: object.metadata,
});

function table(kind: Kind, objects: readonly KubeObject[], metadata: object, withColumns: boolean) {
  const columns = columnsOf(kind);
  return {
    kind: "Table",
    apiVersion: META_V1,
    metadata,
    columnDefinitions: withColumns
      ? columns.map(({ name, wide }) => ({
          name,
          type: "string",
          format: name === "Name" ? "name" : "",
          description: "",
          priority: wide ? 1 : 0,
        }))
      : null,
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.value(object)),
      object: partial(object),
    })),
  };
}

/** One object in the wanted format. `first` is false for later events of a table watch, which carry no columns. */
export function formatObject(kind: Kind, object: KubeObject, format: Format, first = true): object {
  if (format === "object") return object;
  if (format === "metadata") return partial(object);
  const { resourceVersion } = object.metadata;
  return table(kind, [object], { resourceVersion }, first);
}

/** A list in the wanted format. Items of a plain list carry no kind, as kube-apiserver sends them. */
export function formatList(kind: Kind, objects: readonly KubeObject[], metadata: object, format: Format): object {
  if (format === "table") return table(kind, objects, metadata, true);
  if (format === "metadata")
    return {
      kind: "PartialObjectMetadataList",
      apiVersion: META_V1,
      metadata,
      items: objects.map(partial),
    };
  return {
    kind: `${kind.kind}List`,
    apiVersion: apiVersionOf(kind),
    metadata,
    items: objects.map(({ kind: _kind, apiVersion: _version, ...item }) => item),
  };
}
