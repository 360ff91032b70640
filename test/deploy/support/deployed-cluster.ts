import { type ApiAnswer, type ApiClient, waitFor } from "@repl/testkit";
import { openPrivateCluster, type PrivateCluster } from "../../provisioning/support/private-cluster.ts";
import { GATEWAY_API, installCustomKinds, KEDA, POD_MONITORS } from "../../support/custom-kinds.ts";
import { applyAll, pathOf } from "./apply.ts";
import type { Manifest } from "./kustomize.ts";
import { tokenOf } from "./service-account.ts";
import { changed, workerObject } from "./worker-objects.ts";

/** A control plane of the test's own on which our manifests were applied, policies in force. */
export interface DeployedCluster extends AsyncDisposable {
  readonly cluster: PrivateCluster;
  /** As administrator. */
  readonly api: ApiClient;
  /** Of the worker's ServiceAccount. */
  readonly token: string;
  /** A dry run with that token. */
  send(method: string, path: string, body?: unknown): Promise<ApiAnswer>;
  /** A dry run of POST with that token. */
  create(manifest: Manifest): Promise<ApiAnswer>;
}

/** Applies the manifests, which must hold the component `admission`, and waits until the policies count. */
export async function openDeployedCluster(manifests: readonly Manifest[]): Promise<DeployedCluster> {
  // As kubeadm and hosted clusters have it: without the flag no container anywhere may be privileged, whoever asks.
  const cluster = await openPrivateCluster({ apiserverFlags: ["--allow-privileged=true"] });
  const { api } = cluster;
  await installCustomKinds(api, [GATEWAY_API, KEDA, POD_MONITORS]);
  await applyAll(api, manifests);
  const token = await tokenOf(api, "repl-orchestrator", "worker");
  const send: DeployedCluster["send"] = (method, path, body) =>
    api.request(method, `${path}${path.includes("?") ? "&" : "?"}dryRun=All`, body, { token });
  const create: DeployedCluster["create"] = (manifest) => send("POST", pathOf(manifest, "collection"), manifest);
  // The API server learns of rights and policies a moment after they are stored.
  const allowed = workerObject("Deployment");
  const refused = changed(allowed, ({ metadata }) => Object.assign(metadata, { labels: {} }));
  await waitFor(async () => (await create(allowed)).status === 201, { what: "the rights to count" });
  await waitFor(async () => (await create(refused)).status === 422, {
    what: "the policies to count",
    timeoutMs: 30_000,
  });
  return { cluster, api, token, send, create, [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose]() };
}
