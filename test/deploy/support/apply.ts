import type { ApiAnswer, ApiClient } from "@repl/testkit";
import type { Manifest } from "./kustomize.ts";

/** Plurals that are not the kind in lower case with an s. */
const PLURALS: Readonly<Record<string, string>> = {
  NetworkPolicy: "networkpolicies",
  Ingress: "ingresses",
  PriorityClass: "priorityclasses",
  ValidatingAdmissionPolicy: "validatingadmissionpolicies",
};

/** Path of an object, or of its collection. */
export function pathOf({ apiVersion, kind, metadata }: Manifest, what: "object" | "collection" = "object"): string {
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const space = metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`;
  const collection = `${root}${space}/${PLURALS[kind] ?? `${kind.toLowerCase()}s`}`;
  return what === "object" ? `${collection}/${metadata.name}` : collection;
}

/** Server-side apply with strict field validation: a field that the API server does not know is an error. */
function applyStrictly(api: ApiClient, manifest: Manifest): Promise<ApiAnswer> {
  const path = `${pathOf(manifest)}?fieldManager=test&force=true&fieldValidation=Strict`;
  return api.request("PATCH", path, manifest, { contentType: "application/apply-patch+yaml" });
}

/** Applies one after the other, in the order given. @throws Error naming the first that is refused, and why */
export async function applyAll(api: ApiClient, manifests: readonly Manifest[]): Promise<void> {
  for (const manifest of manifests) {
    const { status, body } = await applyStrictly(api, manifest);
    if (status !== 200 && status !== 201)
      throw new Error(`${manifest.kind} ${manifest.metadata.name} was refused: ${status} ${body?.message ?? body}`);
  }
}
