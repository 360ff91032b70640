/** Where a command of a document is run. */
export type Place =
  /** By test/documented-commands.test.ts, in a fresh copy of the repository, on the simulator. */
  | "simulator"
  /** By the same test, on the cluster that `script/cluster up` starts. */
  | "cluster"
  /** By the same test, with nothing running. */
  | "tools"
  /** Here, by no test: it runs this test, or script/test runs it, or the same program without `--write`, beside this test. */
  | "the suite itself"
  /** Nowhere: it measures for minutes, on a machine that does nothing else. */
  | "measures for minutes"
  /** Nowhere: it needs a Docker engine. */
  | "needs Docker"
  /** Nowhere: it needs a cluster that the reader made (kind, k3d, minikube), with images that it can pull. */
  | "needs a cluster of one's own"
  /** By script/e2e, which runs the tests that need it: Linux, root, and a node with real pods. */
  | "needs real pods"
  /** By the named test or what it stands on, which calls the same program with a folder of its own. */
  | `test/${string}.ts`;

/**
 * Every command of every document, in the order in which those of a place are run. A command that is in no row fails a test, as does a row
 * that is in no document.
 */
export const COMMANDS: readonly (readonly [Place, string])[] = [
  ["simulator", "script/start"],
  [
    "simulator",
    `curl -s -X POST http://127.0.0.1:3002/start -H 'content-type: application/json' -d '{"replId":"hello"}'`,
  ],
  ["simulator", "curl -s http://127.0.0.1:3002/jobs/<jobId>"],
  ["simulator", "npm run repl -- start hello"],

  ["cluster", "tools/testcluster/build"],
  ["cluster", "script/cluster up"],
  ["cluster", "KUBECONFIG=.cache/cluster/kubeconfig script/start --kube"],
  ["cluster", "kubectl create namespace repls"],
  ["cluster", "NAMESPACE=repls TEMPLATE_PATH=examples/localhost.yaml script/start --kube"],
  [
    "cluster",
    "kubectl -n repls create secret generic repl-s3-credentials --from-literal=access-key-id=ID --from-literal=secret-access-key=KEY",
  ],
  [
    "cluster",
    "kubectl -n repls create configmap repl-s3 --from-literal=endpoint=https://s3.example.com --from-literal=region=eu-central-1",
  ],
  ["cluster", "kubectl apply -k k8s/ingress-controller/node-port"],
  ["cluster", "kubectl apply -k k8s/overlays/production"],
  ["cluster", "kubectl --namespace repl-orchestrator set env deployment/worker LOG_LEVEL=debug"],
  ["cluster", "kubectl --namespace repl-orchestrator set env deployment/worker LOG_LEVEL-"],
  ["cluster", "kubectl --namespace repl-orchestrator scale deployment worker --replicas 0"],
  [
    "cluster",
    "kubectl --namespace repl-orchestrator wait --for delete pod --selector app.kubernetes.io/component=worker --timeout 120s",
  ],
  ["cluster", "kubectl apply -k examples/per-user-namespaces"],
  [
    "cluster",
    "helm install repl-orchestrator k8s/chart --namespace repl-orchestrator --create-namespace --values my-values.yaml",
  ],
  ["cluster", "kubectl label namespace repl-orchestrator pod-security.kubernetes.io/enforce=restricted"],
  ["cluster", "kubectl --namespace repl-orchestrator scale deployment api worker --replicas 0"],
  [
    "cluster",
    "kubectl --namespace repl-orchestrator wait --for delete pod --selector app.kubernetes.io/name=repl-orchestrator --timeout 120s",
  ],
  ["cluster", "kubectl --namespace repl-orchestrator apply --filename k8s/redis/volume.yaml"],
  ["cluster", "kubectl --namespace repl-orchestrator delete pod redis-volume"],
  ["cluster", "kubectl --namespace repl-orchestrator scale deployment api worker --replicas 3"],
  [
    "cluster",
    "kubectl --namespace repls delete configmaps --selector app.kubernetes.io/managed-by=repl-orchestrator,repl-orchestrator.dev/repl",
  ],
  [
    "cluster",
    "AUTH_MODE=jwt AUTH_SECRET=only-for-trying-it-on-this-machine AUTH_ISSUER=local AUTH_AUDIENCE=local script/start",
  ],
  ["cluster", "CORS_ORIGINS=http://localhost:5173 script/start"],
  ["cluster", "script/cluster down"],

  ["tools", "npx vitest run packages/provision"],
  ["tools", "npx vitest run packages/provision/test/decide.test.ts"],
  ["tools", "npx vitest run test/main-job.test.ts -t simulator"],
  ["tools", 'npx vitest run test/main-job.test.ts -t "real control plane"'],
  ["tools", "npm --workspace repl-orchestrator-client run build"],
  ["tools", "npm pack ./packages/client/dist"],
  ["tools", "npm run measure"],
  ["tools", "npm run bench -- --list"],
  ["tools", "script/simulate --schedules 1000 --seed 1"],

  ["the suite itself", "script/test"],
  ["the suite itself", "npm run check"],
  ["the suite itself", "npm run format"],
  ["test/support/image.ts", "script/image"],
  ["test/client.test.ts", "npm install ../repl-orchestrator/repl-orchestrator-client-*.tgz"],
  ["test/release.test.ts", "script/release pack release"],
  ["test/release.test.ts", "script/release publish --dry-run release"],
  ["test/deploy/former-prefixes.test.ts", "kubectl delete clusterrolebinding,clusterrole repl-orchestrator-worker"],
  [
    "test/deploy/former-prefixes.test.ts",
    "kubectl delete validatingadmissionpolicybinding,validatingadmissionpolicy repl-orchestrator-worker-namespaces",
  ],

  ["measures for minutes", "npm run bench -- cpu-per-start"],
  ["measures for minutes", "npm run bench -- cpu-per-start --profile"],
  ["measures for minutes", "npm run bench -- cpu-per-start --save"],
  ["measures for minutes", "npm run bench -- report"],

  [
    "tools",
    `node --input-type=module <<'END'
import { SignJWT } from "jose";
const token = new SignJWT({ sub: "alice", iss: "local", aud: "local" }).setProtectedHeader({ alg: "HS256" }).setExpirationTime("1h");
console.log(await token.sign(Buffer.from("only-for-trying-it-on-this-machine")));
END`,
  ],
  ["needs Docker", "docker compose up --build --wait"],
  ["needs Docker", "script/image repl-orchestrator:local"],
  ["needs a cluster of one's own", "kind load docker-image repl-orchestrator:local"],
  ["needs a cluster of one's own", "kubectl apply -k k8s/overlays/local"],
  ["needs a cluster of one's own", "kubectl --namespace repl-orchestrator rollout status deployment/api"],
  [
    "needs a cluster of one's own",
    "kubectl --namespace repl-orchestrator exec redis-0 --container redis -- redis-cli --rdb - > dump.rdb",
  ],
  ["needs a cluster of one's own", "kubectl --namespace repl-orchestrator scale statefulset redis --replicas 0"],
  [
    "needs a cluster of one's own",
    "kubectl --namespace repl-orchestrator wait --for condition=Ready pod/redis-volume --timeout 120s",
  ],
  [
    "needs a cluster of one's own",
    "kubectl --namespace repl-orchestrator exec --stdin redis-volume -- sh -c 'cat > dump.rdb' < dump.rdb",
  ],
  ["needs a cluster of one's own", "kubectl --namespace repl-orchestrator exec --stdin --tty redis-volume -- sh"],
  ["needs a cluster of one's own", "kubectl --namespace repl-orchestrator scale statefulset redis --replicas 1"],
  ["needs a cluster of one's own", "kubectl --namespace repl-orchestrator rollout status statefulset redis"],
  ["needs a cluster of one's own", "kubectl --namespace repl-orchestrator logs redis-0 --container repair"],
  [
    "needs a cluster of one's own",
    `cat > kind.yaml <<'END'
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
  - role: control-plane
    extraPortMappings:
      - { containerPort: 30080, hostPort: 30080, listenAddress: 127.0.0.1 }
END`,
  ],
  ["needs a cluster of one's own", "kind create cluster --config kind.yaml"],
  [
    "needs a cluster of one's own",
    `k3d cluster create repls -p "127.0.0.1:30080:30080@server:0" --k3s-arg "--disable=traefik@server:0"`,
  ],
  ["needs a cluster of one's own", "minikube start --ports=127.0.0.1:30080:30080"],
  ["needs a cluster of one's own", "kubectl -n ingress-controller rollout status deployment/traefik"],
  [
    "needs a cluster of one's own",
    "kubectl apply --server-side -f https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.4.0/standard-install.yaml",
  ],
  ["needs a cluster of one's own", "kubectl apply -k k8s/ingress-controller/gateway"],
  ["needs a cluster of one's own", "NAMESPACE=repls TEMPLATE_PATH=examples/path-routing.yaml script/start --kube"],
  ["needs a cluster of one's own", "export KUBECONFIG=~/.kube/config"],
  ["needs a cluster of one's own", "export INGRESS_ADDRESS=http://127.0.0.1:8080"],
  [
    "needs a cluster of one's own",
    "export S3_ENDPOINT=http://127.0.0.1:9000 S3_ENDPOINT_OF_PODS=http://s3.storage.svc:9000",
  ],
  ["needs a cluster of one's own", "export S3_ACCESS_KEY_ID=ID S3_SECRET_ACCESS_KEY=KEY"],
  ["needs a cluster of one's own", "npm run test:e2e"],

  ["needs real pods", "script/cluster up --pods"],
  ["needs real pods", "script/cluster exec npm run test:e2e"],
  ["needs real pods", "script/cluster exec npx vitest run --config vitest.e2e.config.ts failures"],
  ["needs real pods", "script/cluster exec npm run bench -- time-to-ready"],
];

/** The commands of a place, in order. */
export function commandsFor(place: Place): string[] {
  return COMMANDS.filter(([where]) => where === place).map(([, command]) => command);
}

/** A block that is neither commands nor JSON: its document, how it begins, and the test that compares or runs it. */
interface Compared {
  readonly document: string;
  readonly begins: string;
  /** From the repository's root; "a drawing" of what no program says. */
  readonly by: string;
}

const HERE = "test/documents.test.ts";
const OPERATIONS = "docs/operations.md";
const FORMER_PREFIXES = "test/deploy/former-prefixes.test.ts";

/** Every other block. One that is in no row fails a test, as does a row that is in no document. */
export const COMPARED: readonly Compared[] = [
  { document: "README.md", begins: "browser ─► api", by: "a drawing" },
  { document: "docs/architecture.md", begins: "browser ─► apps/api", by: "a drawing" },
  { document: "README.md", begins: "Ready.", by: "test/documented-commands.test.ts" },
  { document: "README.md", begins: '{"jobId":', by: "test/documented-commands.test.ts" },
  { document: "README.md", begins: 'const api = "http://127.0.0.1:3002";', by: HERE },
  { document: "README.md", begins: "function followJob", by: HERE },
  { document: "packages/client/README.md", begins: "import { createClient", by: HERE },
  { document: "docs/template.md", begins: "TEMPLATE_PATH", by: HERE },
  { document: "docs/template.md", begins: "metadata:\n  annotations:", by: HERE },
  { document: "docs/isolation.md", begins: "apiVersion: admission", by: "test/isolation/access.test.ts" },
  { document: "docs/isolation.md", begins: "perUserNamespaces:", by: FORMER_PREFIXES },
  { document: "docs/isolation.md", begins: "patches: #", by: FORMER_PREFIXES },
  { document: "docs/isolation.md", begins: "patches:\n", by: FORMER_PREFIXES },
  { document: OPERATIONS, begins: "test ! -e appendonlydir", by: "test/redis-restore.test.ts" },
  { document: OPERATIONS, begins: "cp -R appendonlydir", by: "test/deploy/redis-repair.test.ts" },
  { document: OPERATIONS, begins: "patches:", by: "test/deploy/manifests.test.ts" },
  { document: OPERATIONS, begins: "apiVersion: rbac", by: "test/deploy/manifests.test.ts" },
  { document: OPERATIONS, begins: "max(sum", by: HERE },
  { document: OPERATIONS, begins: "externalRules:", by: HERE },
];
