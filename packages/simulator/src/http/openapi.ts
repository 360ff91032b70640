import { apiVersionOf, type Kind } from "../kinds/kind.ts";
import type { Kinds } from "../kinds/table.ts";

const versionPath = (kind: Kind): string => `${kind.group === "" ? "api" : "apis"}/${apiVersionOf(kind)}`;

/** The list of documents. */
function index(kinds: Kinds): object {
  const paths = new Set(kinds.all.map(versionPath));
  return {
    paths: Object.fromEntries([...paths].map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}` }])),
  };
}

/** Says of one kind that its writes take `fieldValidation`: all that kubectl asks before it leaves validation to the server. */
function operations(kind: Kind): [string, object] {
  const place = kind.namespaced ? "namespaces/{namespace}/" : "";
  const { group, version, kind: name } = kind;
  return [
    `/${versionPath(kind)}/${place}${kind.plural}/{name}`,
    {
      patch: {
        parameters: [{ name: "fieldValidation", in: "query", schema: { type: "string" } }],
        responses: {},
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": { group, version, kind: name },
      },
    },
  ];
}

/** The OpenAPI v3 documents, without schemas; undefined where there is none. */
export function openApiAt(kinds: Kinds, path: string): object | undefined {
  if (path === "/openapi/v3") return index(kinds);
  const known = kinds.all.filter((kind) => path === `/openapi/v3/${versionPath(kind)}`);
  if (known.length === 0) return undefined;
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: "v1.35" },
    paths: Object.fromEntries(known.map(operations)),
  };
}
