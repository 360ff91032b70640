import { type ApiClient, tempNamespace } from "@repl/testkit";
import { openKubeconfig } from "../../support/kubeconfig.ts";
import { type System, type SystemOptions, startSystem } from "../../support/system.ts";
import { type Bucket, openBucket } from "./bucket.ts";
import { type Environment, readEnvironment } from "./environment.ts";
import { openVisitor, type Visitor } from "./workspace.ts";

/** What differs from one test's place to another's. */
export interface PlaceOptions extends Omit<SystemOptions, "namespace"> {
  /** Instead of the keys that the bucket accepts; null: the Secret is missing. */
  readonly secretAccessKey?: string | null;
}

/** The whole service against the cluster, in a namespace that has what service.yaml needs, and the files of its repls. */
export interface Place extends AsyncDisposable {
  readonly environment: Environment;
  readonly api: ApiClient;
  readonly system: System;
  readonly bucket: Bucket;
  readonly visitor: Visitor;
}

/** A start is completed only when its addresses answer. */
const SETTINGS = { READY_CHECK: "url", SWEEP_INTERVAL_SECONDS: "3600" };

/** Opens a place; its end leaves neither the namespace nor the files. */
export async function openPlace(options: PlaceOptions = {}): Promise<Place> {
  const environment = readEnvironment();
  const stack = new AsyncDisposableStack();
  const api = await openKubeconfig(environment.kubeconfig);
  stack.defer(() => api.close());
  const { name } = stack.use(await tempNamespace(api));
  await furnish(api, name, environment.s3, options.secretAccessKey);
  const bucket = stack.use(openBucket(environment.s3));
  const visitor = stack.use(openVisitor(environment.ingressAddress));
  const target = { api, kubeconfigPath: environment.kubeconfig, [Symbol.asyncDispose]: async () => {} };
  const env = { ...SETTINGS, INGRESS_ADDRESS: environment.ingressAddress, ...options.env };
  const system = stack.use(await startSystem(target, { ...options, namespace: name, env }));
  return { environment, api, system, bucket, visitor, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** The Secret and the ConfigMap of docs/template.md. */
async function furnish(api: ApiClient, namespace: string, s3: Environment["s3"], secretKey: string | null | undefined) {
  const create = async (kind: string, plural: string, name: string, content: object) => {
    const manifest = { apiVersion: "v1", kind, metadata: { name }, ...content };
    const { status, body } = await api.request("POST", `/api/v1/namespaces/${namespace}/${plural}`, manifest);
    if (status !== 201) throw new Error(`${kind} ${name}: ${status} ${body?.message}`);
  };
  await create("ConfigMap", "configmaps", "repl-s3", { data: { endpoint: s3.endpointOfPods, region: s3.region } });
  if (secretKey === null) return;
  const stringData = { "access-key-id": s3.accessKeyId, "secret-access-key": secretKey ?? s3.secretAccessKey };
  await create("Secret", "secrets", "repl-s3-credentials", { stringData });
}
