import { readFileSync } from "node:fs";
import { join } from "node:path";
import { whyNoTestCluster } from "@repl/testkit";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { blockOf, commandsOf } from "../support/documents.ts";
import { CHART, lint, notes, template, templateFile, templateNamed, whyNoHelm } from "./support/helm.ts";
import { compose, find, K8S, kustomize, type Manifest } from "./support/kustomize.ts";
import { keyOf, normalForm } from "./support/normal-form.ts";

const missing = (await whyNoHelm()) ?? (await whyNoTestCluster());
if (missing !== undefined) console.warn(`Tests of the chart are skipped: ${missing}`);

/** The least a chart wants to be told. */
const LEAST = { api: { settings: { AUTH_MODE: "none" } }, admission: { enabled: false } };
const TOLD = {
  configMapGenerator: [
    { name: "api-settings", namespace: "repl-orchestrator", behavior: "merge", literals: ["AUTH_MODE=none"] },
  ],
};
/** The base with components, and values that say the same. */
const SAME: readonly [components: readonly string[], values: object][] = [
  [[], {}],
  [["redis"], { redis: { enabled: true } }],
  [["redis-ca"], { redis: { caSecretName: "redis-ca" } }],
  [["ingress"], { api: { ...LEAST.api, ingress: { enabled: true } } }],
  [["admission"], { admission: { enabled: true } }],
  [["admission", "per-user-namespaces"], { admission: { enabled: true }, perUserNamespaces: { enabled: true } }],
  [["api-priority"], { apiPriority: { enabled: true } }],
  [["node-loss"], { nodeLoss: { enabled: true } }],
  [["isolate-repls"], { isolateRepls: { enabled: true } }],
  [["autoscaling-keda"], { worker: { autoscaling: { mode: "keda" } } }],
  [["autoscaling-hpa"], { worker: { autoscaling: { mode: "hpa" } } }],
  [["monitoring"], { monitoring: { enabled: true } }],
];

/** Helm makes the release's namespace itself (--create-namespace), and the Secrets are the operator's. */
const notOfTheChart = ({ kind, metadata: { name } }: Manifest) =>
  (kind === "Namespace" && name === "repl-orchestrator") || kind === "Secret";

/** Everything that a name of the operator's or the release's can stand in. */
function everythingNamed(name: string, other: string): object[] {
  const api = {
    settings: LEAST.api.settings,
    secretName: name,
    nodeSelector: { pool: name },
    ingress: { enabled: true, className: name, host: name, tlsSecretName: name, annotations: { class: name } },
  };
  const all = {
    api,
    image: { repository: name, tag: other, pullSecrets: [{ name }] },
    replNamespace: { name: other },
    redis: { enabled: true, secretName: name, caSecretName: name, image: name, storageClass: name },
    worker: { secretName: name, autoscaling: { mode: "keda" } },
    apiPriority: { enabled: true },
    nodeLoss: { enabled: true },
    isolateRepls: { enabled: true },
    monitoring: { enabled: true },
    networkPolicies: { ingressNamespace: name, monitoringNamespace: name },
  };
  const users = { perUserNamespaces: { enabled: true, secrets: [name] }, worker: { autoscaling: { mode: "hpa" } } };
  return [all, { ...all, ...users }];
}

/** Where each value stands and of which type it is. */
function typesIn(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null) return [`${path}: ${typeof value}`];
  return Object.entries(value).flatMap(([key, inner]) => typesIn(inner, `${path}/${key}`));
}

function expectSame(ofKustomize: readonly Manifest[], ofHelm: readonly Manifest[]): void {
  expect(ofHelm.map(keyOf).length).toBeGreaterThan(10);
  expect(normalForm(ofHelm)).toEqual(normalForm(ofKustomize).filter((manifest) => !notOfTheChart(manifest)));
}

describe.skipIf(missing)("the chart", () => {
  it.each(SAME)("makes the same objects as the base with %j", async (components, values) => {
    const ofKustomize = await compose({ resources: ["base"], components, more: TOLD });
    expectSame(ofKustomize, await template({ ...LEAST, ...values }));
  });

  it.each(["local", "production"])("makes of its values in ci/ the same objects as the overlay %s", async (name) => {
    expectSame(await kustomize(join(K8S, "overlays", name)), await templateFile(join(CHART, `ci/${name}-values.yaml`)));
  });

  it("passes helm lint", async () => {
    expect(await lint(LEAST)).toContain("0 chart(s) failed");
  });

  it("labels every object as the release's, and none as one of the repls'", async () => {
    const values = Object.assign({}, LEAST, ...SAME.map(([, more]) => more));
    for (const manifest of await template(values)) {
      expect(manifest.metadata.labels, keyOf(manifest)).toMatchObject({
        "app.kubernetes.io/name": "repl-orchestrator",
        "app.kubernetes.io/instance": "repl-orchestrator",
        "app.kubernetes.io/version": "0.1.0",
        "app.kubernetes.io/managed-by": "Helm",
        "helm.sh/chart": "repl-orchestrator-0.1.0",
      });
    }
  });

  it("gives its Redis the size that it is told", async () => {
    const resources = { requests: { memory: "4Gi" }, limits: { memory: "12Gi" } };
    const redis = { enabled: true, maxmemory: "6gb", resources, storage: "30Gi" };
    const { spec } = find(await template({ ...LEAST, redis }), "StatefulSet", "redis");
    const [container] = spec.template.spec.containers;
    expect(container.command.join(" ")).toContain("--maxmemory 6gb --maxmemory-policy noeviction");
    for (const each of [container, ...spec.template.spec.initContainers])
      expect(each.resources).toMatchObject(resources);
    expect(spec.volumeClaimTemplates[0].spec.resources.requests.storage).toBe("30Gi");
  });

  it.each([
    [{}, 4],
    [{ minReplicas: 6, maxReplicas: 20 }, 6],
    [{ minReplicas: 1, maxReplicas: 3 }, 3],
    [{ fallbackReplicas: 15, maxReplicas: 20 }, 15],
  ])("with the workers %j keeps at least %i while Prometheus is away", async (autoscaling, replicas) => {
    const values = { ...LEAST, worker: { autoscaling: { mode: "keda", ...autoscaling } } };
    const { fallback } = find(await template(values), "ScaledObject", "worker")["spec"];
    expect(fallback).toMatchObject({ replicas, behavior: "currentReplicasIfHigher" });
  });

  it("scales the workers by the queue of its own release", async () => {
    const values = { ...LEAST, worker: { autoscaling: { mode: "keda" } } };
    const [trigger] = find(await templateNamed("staging", values), "ScaledObject", "worker")["spec"].triggers;
    expect(trigger.metadata.query).toContain('repl_queue_jobs{namespace="staging",');
  });

  it("ends all workers of one mode of namespaces before it starts one of the other", async () => {
    const strategyOf = async (values: object) =>
      find(await template({ ...LEAST, ...values }), "Deployment", "worker")["spec"].strategy;
    expect(await strategyOf({ perUserNamespaces: { enabled: true } })).toEqual({ type: "Recreate" });
    expect(await strategyOf({})).toMatchObject({ type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0 } });
  });

  it("makes of another prefix beside the former one the same objects as the overlay of docs/isolation.md", async () => {
    const more = { ...TOLD, ...parse(blockOf("docs/isolation.md", "patches:\n")) };
    const components = ["admission", "per-user-namespaces"];
    const perUserNamespaces = { enabled: true, prefix: "ide-", formerPrefixes: ["repl-user-"] };
    expectSame(
      await compose({ resources: ["base"], components, more }),
      await template({ ...LEAST, admission: { enabled: true }, perUserNamespaces }),
    );
  });

  it("back in the shared mode gives the worker the Role's rules everywhere, and no others, while a former prefix is named", async () => {
    const values = { ...LEAST, admission: { enabled: true } };
    const shared = await template(values);
    const perUserNamespaces = parse(blockOf("docs/isolation.md", "perUserNamespaces:"));
    const back = await template({ ...values, ...perUserNamespaces });
    const name = "repl-orchestrator-worker";
    const rules = (manifests: readonly Manifest[], kind: string) => find(manifests, kind, name)["rules"];
    expect(rules(back, "ClusterRole")).toEqual(rules(shared, "Role"));
    find(back, "ClusterRoleBinding", name);
    expect(back.filter(({ kind }) => kind === "Role" || kind === "RoleBinding")).toEqual([]);
    expect(shared.filter(({ kind }) => kind === "ClusterRole" || kind === "ClusterRoleBinding")).toEqual([]);

    const policy = find(back, "ValidatingAdmissionPolicy", `${name}-scope`)["spec"];
    const variable = (wanted: string) =>
      policy.variables.find((each: { name: string }) => each.name === wanted)?.expression;
    expect(variable("isInReach")).toBe("variables.place == 'repls' || variables.place.startsWith('repl-user-')");
    expect(variable("kindsOfUsers")).toBe("[]");
    expect(find(back, "ConfigMap", "worker-settings")["data"]).not.toHaveProperty("NAMESPACE_MODE");

    const worker = (manifests: readonly Manifest[]) => find(manifests, "Deployment", "worker")["spec"];
    expect(worker(back).strategy).toEqual({ type: "Recreate" });
    // Taken away, the prefix must end the workers that still look at the whole cluster.
    const annotations = (manifests: readonly Manifest[]) => worker(manifests).template.metadata.annotations;
    expect(annotations(back)).not.toEqual(annotations(shared));
  });

  it("leaves the class of the api's Ingress to the cluster where it is told none", async () => {
    const ingress = { enabled: true, className: "" };
    const manifests = await template({ ...LEAST, api: { ...LEAST.api, ingress } });
    expect(find(manifests, "Ingress", "api")["spec"]).not.toHaveProperty("ingressClassName");
  });

  it.each(["api", "worker"])("gives the %s longer than its own grace, and puts it where it is told", async (part) => {
    const where = { nodeSelector: { pool: "system" }, tolerations: [{ key: "system", operator: "Exists" }] };
    const settings = { ...(part === "api" ? LEAST.api.settings : {}), SHUTDOWN_GRACE_SECONDS: "120" };
    const manifests = await template({ ...LEAST, [part]: { settings, ...where } });
    const pod = find(manifests, "Deployment", part)["spec"].template.spec;
    expect(pod).toMatchObject({ terminationGracePeriodSeconds: 130, ...where });
  });

  it.each([
    ["on", "off"],
    ["123", "0x1f"],
    ["1e3", "null"],
  ])("takes the names %s and %s for the texts that they are", async (...names) => {
    const ordinary = everythingNamed("web", "net");
    for (const [index, values] of everythingNamed(...names).entries())
      expect(typesIn(await templateNamed(names[0], values))).toEqual(
        typesIn(await templateNamed("web", ordinary[index] ?? {})),
      );
  });

  it("lets users' Secrets have any name, those of its other volumes included", async () => {
    const secrets = ["redis-ca", "template", "user-namespace"];
    const redis = { caSecretName: "authority" };
    const manifests = await template({ ...LEAST, redis, perUserNamespaces: { enabled: true, secrets } });
    const { containers, volumes } = find(manifests, "Deployment", "worker")["spec"].template.spec;
    const nameOf = ({ name }: { name: string }) => name;
    expect(new Set(volumes.map(nameOf)).size).toBe(6);
    expect(containers[0].volumeMounts.map(nameOf).sort()).toEqual(volumes.map(nameOf).sort());
    for (const secret of secrets)
      expect(containers[0].volumeMounts).toContainEqual({
        name: volumes.find((volume: Manifest) => volume["secret"]?.secretName === secret).name,
        mountPath: `/etc/user-namespaces/secrets/${secret}`,
        readOnly: true,
      });
  });

  it("lets each process reach what the operator adds, and the other one not", async () => {
    const rule = (port: number) => ({ to: [{ ipBlock: { cidr: "10.0.0.8/32" } }], ports: [{ protocol: "TCP", port }] });
    const networkPolicies = { apiEgress: [rule(8443)], workerEgress: [rule(8000), rule(4317)] };
    const before = await template(LEAST);
    const after = await template({ ...LEAST, networkPolicies });
    for (const [part, more] of [
      ["api", networkPolicies.apiEgress],
      ["worker", networkPolicies.workerEgress],
    ] as const)
      expect(find(after, "NetworkPolicy", part)["spec"].egress).toEqual([
        ...find(before, "NetworkPolicy", part)["spec"].egress,
        ...more,
      ]);
  });

  it("listens where it is told", async () => {
    const manifests = await template({ ...LEAST, listenAddress: "::" });
    expect(find(manifests, "ConfigMap", "api-settings")["data"]).toMatchObject({ HOST: "::", OPS_HOST: "::" });
    expect(find(manifests, "ConfigMap", "worker-settings")["data"]).toMatchObject({ OPS_HOST: "::" });
  });

  it("wants the settings that both processes share alike", async () => {
    const settings = { QUEUE_PREFIX: "{staging}", JOB_RETENTION_SECONDS: "3600" };
    const api = { settings: { ...LEAST.api.settings, ...settings } };
    await expect(template({ ...LEAST, api, worker: { settings } })).resolves.toBeDefined();
  });

  it("says which Secrets are still to be made, and what is open", async () => {
    const said = await notes({ ...LEAST, redis: { enabled: true, caSecretName: "authority" } });
    for (const name of ["repl-orchestrator/redis ", "repl-orchestrator/authority ", "Secret repl-s3-credentials"])
      expect(said).toContain(name);
    expect(said).toContain("AUTH_MODE is none");
    expect(said).toContain("admission.enabled is false");
    expect(said).toContain("port-forward service/api");
    const ingress = { enabled: true, host: "repls.example.com" };
    const jwt = { AUTH_MODE: "jwt", AUTH_ISSUER: "https://id", AUTH_AUDIENCE: "repls" };
    const production = await notes({ api: { settings: jwt, ingress } });
    expect(production).toContain("https://repls.example.com");
    expect(production).not.toMatch(/AUTH_MODE is none|admission\.enabled|port-forward/);
  });

  it("says how to change the mode of namespaces, in the words of docs/isolation.md, and which KEDA it needs", async () => {
    const block = blockOf("docs/isolation.md", "kubectl --namespace repl-orchestrator scale");
    const commands = commandsOf(block).filter((command) => !command.includes("apply"));
    expect(commands.length).toBe(2);
    const users = await notes({ ...LEAST, perUserNamespaces: { enabled: true } });
    for (const command of commands) expect(users).toContain(command);
    expect(users).toContain("name repl-user- in perUserNamespaces.formerPrefixes");
    const back = await notes({ ...LEAST, perUserNamespaces: { formerPrefixes: ["repl-user-", "ide-"] } });
    expect(back).toMatch(/namespaces that begin with repl-user-, ide-\. Take a prefix out/);
    const component = readFileSync(join(K8S, "components/per-user-namespaces/kustomization.yaml"), "utf8");
    for (const command of commands) expect(component).toContain(command);
    const scaled = await notes({ ...LEAST, worker: { autoscaling: { mode: "keda", maxReplicas: 3 } } });
    expect(scaled).toMatch(/KEDA, which must be 2\.17 or newer[\s\S]* to 3 whenever/);
    expect(await notes(LEAST)).not.toMatch(/KEDA|modes of namespaces|formerPrefixes/);
  });

  it("rolls out when a setting or the template changes", async () => {
    const annotationsOf = async (values: object) =>
      find(await template(values), "Deployment", "worker")["spec"].template.metadata.annotations;
    const before = await annotationsOf(LEAST);
    const worker = { settings: { LOG_LEVEL: "debug" } };
    expect((await annotationsOf({ ...LEAST, worker }))["checksum/settings"]).not.toBe(before["checksum/settings"]);
    const other = await annotationsOf({ ...LEAST, template: "kind: Deployment" });
    expect(other["checksum/template"]).not.toBe(before["checksum/template"]);
  });

  it.each<[string, object, RegExp]>([
    ["no AUTH_MODE", {}, /AUTH_MODE/],
    ["jwt without an issuer", { api: { settings: { AUTH_MODE: "jwt" } } }, /AUTH_ISSUER/],
    ["a setting that is none", { ...LEAST, worker: { settings: { WORKER_CONCURENCY: "5" } } }, /WORKER_CONCURENCY/],
    [
      "a number where a text belongs",
      { ...LEAST, worker: { settings: { WORKER_CONCURRENCY: 5 } } },
      /WORKER_CONCURRENCY/,
    ],
    [
      "a secret among the settings",
      { ...LEAST, api: { settings: { AUTH_MODE: "none", AUTH_SECRET: "x" } } },
      /AUTH_SECRET/,
    ],
    ["a value that is none", { ...LEAST, workers: {} }, /workers/],
    ["no api", { ...LEAST, api: { ...LEAST.api, replicas: 0 } }, /replicas/],
    ["an unknown autoscaler", { ...LEAST, worker: { autoscaling: { mode: "vpa" } } }, /mode/],
    ["a digest that is none", { ...LEAST, image: { digest: "latest" } }, /digest/],
    ["a host suffix without a dot", { ...LEAST, admission: { hostSuffixes: ["example.com"] } }, /hostSuffixes/],
    [
      "repls in the release's namespace",
      { ...LEAST, replNamespace: { name: "repl-orchestrator" } },
      /replNamespace.name/,
    ],
    [
      "a prefix of the queue for the api alone",
      { ...LEAST, api: { settings: { AUTH_MODE: "none", QUEUE_PREFIX: "{staging}" } } },
      /QUEUE_PREFIX/,
    ],
    [
      "jobs that the worker keeps for another time than the api",
      {
        ...LEAST,
        api: { settings: { AUTH_MODE: "none", JOB_RETENTION_SECONDS: "600" } },
        worker: { settings: { JOB_RETENTION_SECONDS: "60" } },
      },
      /JOB_RETENTION_SECONDS/,
    ],
    [
      "more workers at least than at most",
      { ...LEAST, worker: { autoscaling: { mode: "keda", minReplicas: 11 } } },
      /minReplicas/,
    ],
    [
      "a delay that leaves nothing of the grace",
      { ...LEAST, api: { settings: { AUTH_MODE: "none", DRAIN_DELAY_SECONDS: "40" } } },
      /DRAIN_DELAY_SECONDS/,
    ],
    [
      "users' namespaces that look like the cluster's own",
      { ...LEAST, perUserNamespaces: { enabled: true, prefix: "kube-users-" } },
      /perUserNamespaces\.prefix/,
    ],
    [
      "repls in what looks like a user's namespace",
      { ...LEAST, replNamespace: { name: "repl-user-shared" }, perUserNamespaces: { enabled: true } },
      /perUserNamespaces\.prefix/,
    ],
    [
      "a release in what looks like a user's namespace",
      { ...LEAST, perUserNamespaces: { enabled: true, prefix: "repl-" } },
      /perUserNamespaces\.prefix/,
    ],
    [
      "a former prefix that looks like the cluster's own",
      { ...LEAST, perUserNamespaces: { formerPrefixes: ["kube-users-"] } },
      /perUserNamespaces\.formerPrefixes/,
    ],
    [
      "a former prefix of the namespace of the repls",
      { ...LEAST, replNamespace: { name: "repl-user-shared" }, perUserNamespaces: { formerPrefixes: ["repl-user-"] } },
      /perUserNamespaces\.formerPrefixes/,
    ],
    [
      "a former prefix that is none",
      { ...LEAST, perUserNamespaces: { formerPrefixes: ["repl-user"] } },
      /formerPrefixes/,
    ],
    [
      "a user's Secret twice",
      { ...LEAST, perUserNamespaces: { enabled: true, secrets: ["bucket", "bucket"] } },
      /secrets/,
    ],
    [
      "a Redis that would be killed before it is full",
      { ...LEAST, redis: { enabled: true, maxmemory: "2gb" } },
      /redis\.resources\.limits\.memory/,
    ],
    ["a size of Redis that it does not understand", { ...LEAST, redis: { maxmemory: "2Gi" } }, /maxmemory/],
    ["a number in a quota", { ...LEAST, replNamespace: { quota: { pods: 400 } } }, /pods/],
    ["an address that is none", { ...LEAST, listenAddress: "localhost" }, /listenAddress/],
    ["an egress rule that is none", { ...LEAST, networkPolicies: { workerEgress: [{ port: 8000 }] } }, /workerEgress/],
  ])("refuses %s", async (_what, values, naming) => {
    await expect(template(values)).rejects.toThrow(naming);
  });
});

/** Variables that the manifests themselves set (`redis.caSecretName`), or that belong in a Secret. */
const OF_REDIS = ["REDIS_URL", "REDIS_CA_PATH", "REDIS_SENTINEL_USERNAME", "REDIS_SENTINEL_PASSWORD"];
const OF_THE_MANIFESTS = {
  api: [...OF_REDIS, "HOST", "PORT", "OPS_HOST", "OPS_PORT", "AUTH_SECRET", "OTEL_EXPORTER_OTLP_HEADERS"],
  worker: [
    ...OF_REDIS,
    "OPS_HOST",
    "OPS_PORT",
    "KUBECONFIG",
    "NAMESPACE",
    "TEMPLATE_PATH",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "NAMESPACE_MODE",
    "USER_NAMESPACE_PREFIX",
    "USER_NAMESPACE_TEMPLATE_PATH",
    "USER_NAMESPACE_SECRETS_PATH",
  ],
};

it.each([
  ["api", "Api"],
  ["worker", "Worker"],
] as const)("values.schema.json knows every setting of the %s and no other", (part, section) => {
  const text = readFileSync(new URL("../../docs/settings.md", import.meta.url), "utf8");
  const inSection = (title: string) =>
    [...(text.split(`## ${title}\n`)[1]?.split("\n## ")[0] ?? "").matchAll(/^\| `([A-Z_]+)` /gm)].map(
      ([, name]) => name,
    );
  const known: string[] = OF_THE_MANIFESTS[part];
  const expected = [...inSection("Both processes"), ...inSection(section)].filter(
    (name) => !known.includes(name ?? ""),
  );
  const schema = JSON.parse(readFileSync(join(CHART, "values.schema.json"), "utf8"));
  expect(Object.keys(schema.properties[part].properties.settings.properties).sort()).toEqual(expected.sort());
});
