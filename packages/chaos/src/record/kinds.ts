/** Kinds of the template, the workload first, and where the API server has them. */
export const KINDS = ["Deployment", "Service", "Ingress"] as const;

/** One of {@link KINDS}. */
export type Kind = (typeof KINDS)[number];

const ROOTS: Readonly<Record<Kind, readonly [root: string, plural: string]>> = {
  Deployment: ["/apis/apps/v1", "deployments"],
  Service: ["/api/v1", "services"],
  Ingress: ["/apis/networking.k8s.io/v1", "ingresses"],
};

/** Path of a kind's collection in a namespace. */
export function collectionOf(kind: Kind, namespace: string): string {
  const [root, plural] = ROOTS[kind];
  return `${root}/namespaces/${namespace}/${plural}`;
}

/** The name of a repl's resource, by the template `service.yaml`. */
export function nameOf(kind: Kind, replId: string): string {
  return kind === "Ingress" ? `${replId}-ingress` : replId;
}

/** `Kind/namespace/name` that a request is about; the name of what is created stands in its body. Undefined for others. */
export function subjectOf(path: string, body: Buffer): string | undefined {
  const [, namespace, plural, name] = /\/namespaces\/([^/]+)\/([^/?]+)(?:\/([^/?]+))?/.exec(path) ?? [];
  const kind = KINDS.find((known) => ROOTS[known][1] === plural);
  if (kind === undefined) return undefined;
  const named =
    name ?? (body.length > 0 ? (JSON.parse(body.toString()) as { metadata: { name: string } }).metadata.name : "");
  return `${kind}/${namespace}/${named}`;
}

/** The repl that a resource's name belongs to, where names are as {@link nameOf} makes them. */
export function replOf(subject: string): string {
  return (subject.split("/")[2] ?? "").replace(/-ingress$/, "");
}
