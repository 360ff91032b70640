import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type ApiClient, waitFor } from "@repl/testkit";

/** Kinds of another project, in the definitions that it publishes in its Go module. */
interface CustomKinds {
  /** With its version. */
  readonly module: string;
  /** Of the definitions, in the module. */
  readonly files: string;
  /** Where the API server then answers. */
  readonly served: readonly string[];
}

/** The version that k8s/ingress-controller's Traefik is built for. */
export const GATEWAY_API: CustomKinds = {
  module: "sigs.k8s.io/gateway-api@v1.4.0",
  files: "config/crd/standard/gateway.*.yaml",
  served: ["gatewayclasses", "gateways", "httproutes"].map((plural) => `gateway.networking.k8s.io/v1/${plural}`),
};

/** What its operator checks beyond the schema, such as a trigger's metadata, is not seen by the API server alone. */
export const KEDA: CustomKinds = {
  module: "github.com/kedacore/keda/v2@v2.21.0",
  files: "config/crd/bases/keda.sh_scaledobjects.yaml",
  served: ["keda.sh/v1alpha1/scaledobjects"],
};

/** Of the Prometheus operator: what to scrape, and the rules of alerts. */
export const POD_MONITORS: CustomKinds = {
  module: "github.com/prometheus-operator/prometheus-operator@v0.85.0",
  files: "example/prometheus-operator-crd/monitoring.coreos.com_{podmonitors,prometheusrules}.yaml",
  served: ["podmonitors", "prometheusrules"].map((plural) => `monitoring.coreos.com/v1/${plural}`),
};

/**
 * Installs kinds in a cluster of one's own and waits until they are served. The Go modules stay in Go's cache.
 * @throws Error where Go cannot fetch one or the cluster does not serve it in time
 */
export async function installCustomKinds(api: ApiClient, kinds: readonly CustomKinds[]): Promise<void> {
  // One after the other: an API server that takes in a dozen large definitions at once answers nothing else for seconds.
  for (const each of kinds) await install(api, each);
}

async function install(api: ApiClient, { module, files, served }: CustomKinds): Promise<void> {
  const { stdout } = await promisify(execFile)("go", ["mod", "download", "-json", module], { cwd: tmpdir() });
  const { Dir } = JSON.parse(stdout) as { Dir: string };
  const paths = globSync(files, { cwd: Dir });
  if (paths.length === 0) throw new Error(`${module} has no ${files}`);
  for (const path of paths) await create(api, await readFile(join(Dir, path), "utf8"), path);
  for (const path of served) {
    await waitFor(async () => (await api.request("GET", `/apis/${path}`)).status === 200, {
      what: `the cluster to serve ${path}`,
      timeoutMs: 30_000,
    });
  }
}

async function create(api: ApiClient, definition: string, name: string): Promise<void> {
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions?fieldValidation=Strict";
  const { status, body } = await api.request("POST", path, definition, { contentType: "application/yaml" });
  if (status !== 201) throw new Error(`${name}: ${status} ${JSON.stringify(body)}`);
}
