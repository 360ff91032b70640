import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { promisify } from "node:util";
import type { ApiClient } from "@repl/testkit";

/** What a webhook says to one object; `hang`: nothing, ever. */
type Opinion = "hang" | { readonly allowed: boolean; readonly message?: string; readonly patch?: readonly object[] };

/** A running webhook that the API server asks about the Services and Deployments of one namespace. */
export interface AdmissionWebhook extends AsyncDisposable {
  /** How often it was asked about objects of a kind since its opinion was last set. */
  asked(kind: string): number;
  opine(opinion: (object: { kind: string }) => Opinion): void;
}

const ALLOWED: Opinion = { allowed: true };
const run = promisify(execFile);

/** Starts a webhook that allows everything and registers it with `failurePolicy: Fail` and a timeout of one second. */
export async function startAdmissionWebhook(api: ApiClient, namespace: string): Promise<AdmissionWebhook> {
  await using stack = new AsyncDisposableStack();
  const { key, cert } = await selfSigned();
  let opinion: (object: { kind: string }) => Opinion = () => ALLOWED;
  let asked: string[] = [];
  const server = createServer({ key, cert }, async (request, response) => {
    const review = (await json(request)) as { request: { uid: string; object: { kind: string } } };
    asked.push(review.request.object.kind);
    const answer = opinion(review.request.object);
    if (answer !== "hang")
      response.setHeader("content-type", "application/json").end(reviewOf(review.request.uid, answer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stack.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const path = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
  const created = await api.request("POST", path, configuration(namespace, `https://127.0.0.1:${port}/`, cert));
  if (created.status !== 201) throw new Error(`the webhook was refused: ${created.body?.message}`);
  stack.defer(async () => void (await api.request("DELETE", `${path}/${namespace}`)));
  const owned = stack.move();
  return {
    asked: (kind) => asked.filter((one) => one === kind).length,
    opine(next) {
      opinion = next;
      asked = [];
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function reviewOf(uid: string, { allowed, message, patch }: Exclude<Opinion, "hang">): string {
  const response = {
    uid,
    allowed,
    ...(message === undefined ? {} : { status: { message } }),
    ...(patch === undefined
      ? {}
      : { patchType: "JSONPatch", patch: Buffer.from(JSON.stringify(patch)).toString("base64") }),
  };
  return JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response });
}

function configuration(namespace: string, url: string, cert: string) {
  const webhook = {
    name: "opinion.example.com",
    admissionReviewVersions: ["v1"],
    sideEffects: "None",
    failurePolicy: "Fail",
    timeoutSeconds: 1,
    clientConfig: { url, caBundle: Buffer.from(cert).toString("base64") },
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
    rules: [
      {
        apiGroups: ["", "apps"],
        apiVersions: ["v1"],
        operations: ["CREATE", "UPDATE"],
        resources: ["services", "deployments"],
        scope: "Namespaced",
      },
    ],
  };
  return { metadata: { name: namespace }, webhooks: [webhook] };
}

/** Its own authority; openssl is there wherever the test cluster runs. */
async function selfSigned(): Promise<{ key: string; cert: string }> {
  const folder = await mkdtemp(join(tmpdir(), "webhook-"));
  const [keyPath, certPath] = [join(folder, "key"), join(folder, "cert")];
  try {
    const subject = ["-subj", "/CN=webhook", "-addext", "subjectAltName=IP:127.0.0.1"];
    const newKey = ["-newkey", "rsa:2048", "-nodes", "-keyout", keyPath];
    await run("openssl", ["req", "-x509", ...newKey, "-out", certPath, "-days", "2", ...subject]);
    return { key: await readFile(keyPath, "utf8"), cert: await readFile(certPath, "utf8") };
  } finally {
    await rm(folder, { recursive: true });
  }
}
