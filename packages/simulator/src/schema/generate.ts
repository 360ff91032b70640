/**
 * Writes `fields.txt` from the OpenAPI v3 documents of a real kube-apiserver: one line for each type, with the fields it
 * knows and how lists and maps of them merge.
 * Usage: `kubectl proxy &` then `node generate.ts http://127.0.0.1:8001 > fields.txt`
 */
interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly "x-kubernetes-list-type"?: string;
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-patch-merge-key"?: string;
  readonly "x-kubernetes-map-type"?: string;
}

const DOCUMENTS = ["api/v1", "apis/apps/v1", "apis/batch/v1", "apis/networking.k8s.io/v1"];
const ROOTS = [
  ...["Namespace", "Pod", "Service", "ConfigMap", "Secret", "ServiceAccount"],
  ...["PersistentVolumeClaim", "ResourceQuota", "LimitRange", "Event", "Node"],
  ...["Deployment", "ReplicaSet", "StatefulSet", "Job"],
  ...["Ingress", "NetworkPolicy", "DeleteOptions"],
];
const SCALARS: Readonly<Record<string, string>> = {
  Time: "string",
  MicroTime: "string",
  Quantity: "quantity",
  IntOrString: "int-or-string",
  FieldsV1: "any",
  RawExtension: "any",
};

const shortName = (reference: string): string => reference.slice(reference.lastIndexOf(".") + 1);

function listPrefix(schema: Schema): string {
  const kind = schema["x-kubernetes-list-type"];
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  if (kind === "map") return `[${keys.join("+")}]`;
  return kind === "set" ? "[set]" : "[]";
}

function code(schema: Schema, seen: (reference: string) => void): string {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (reference !== undefined) {
    const name = shortName(reference);
    const scalar = SCALARS[name];
    if (scalar !== undefined) return scalar;
    seen(reference);
    return name;
  }
  if (schema.type === "array" && schema.items) return listPrefix(schema) + code(schema.items, seen);
  if (schema.additionalProperties) {
    const atomic = schema["x-kubernetes-map-type"] === "atomic" ? "atomic" : "";
    return `{${atomic}}${code(schema.additionalProperties, seen)}`;
  }
  if (schema.type === "integer") return schema.format === "int64" ? "int64" : "int32";
  return schema.type === "object" ? "any" : (schema.type ?? "any");
}

async function allSchemas(base: string): Promise<Map<string, Schema>> {
  const all = new Map<string, Schema>();
  for (const document of DOCUMENTS) {
    const answer = await fetch(`${base}/openapi/v3/${document}`);
    const body = (await answer.json()) as {
      components: { schemas: Record<string, Schema> };
    };
    for (const [name, schema] of Object.entries(body.components.schemas)) all.set(name, schema);
  }
  return all;
}

function reachable(all: ReadonlyMap<string, Schema>): Map<string, Schema> {
  const found = new Map<string, Schema>();
  const open = [...all.keys()].filter(
    (name) => ROOTS.includes(shortName(name)) && /\.(core|apps|batch|networking|meta)\.v1\./.test(name),
  );
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const schema = all.get(name);
    if (found.has(shortName(name)) || schema === undefined) continue;
    found.set(shortName(name), schema);
    for (const field of Object.values(schema.properties ?? {}))
      code(field, (reference) => open.push(reference.replace("#/components/schemas/", "")));
  }
  return found;
}

const types = reachable(await allSchemas(process.argv[2] ?? ""));
const lines = [...types].map(([name, schema]) => {
  const atomic = schema["x-kubernetes-map-type"] === "atomic" ? "!" : "";
  const fields = Object.entries(schema.properties ?? {}).map(
    ([field, type]) => `${field}:${code(type, () => undefined)}`,
  );
  return [`${name}${atomic}`, ...fields].join(" ");
});
process.stdout.write(`${lines.sort().join("\n")}\n`);
