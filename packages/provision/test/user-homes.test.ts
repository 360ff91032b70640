import { readFileSync } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKubeClient, KINDS, loadCredentials } from "@repl/kube";
import { NO_DELAYS, startSimulator } from "@repl/simulator";
import { waitFor } from "@repl/testkit";
import { afterAll, expect, test } from "vitest";
import type { Attempt } from "../src/attempt.ts";
import { type UserHomes, userHomes } from "../src/home/user-homes.ts";
import type { UserSecrets } from "../src/home/user-secrets.ts";
import { MANAGED_BY } from "../src/labels.ts";
import { userPlaces } from "../src/sweep/compare-user-namespaces.ts";
import { parseUserNamespace } from "../src/template/parse.ts";

const PREFIX = "repl-user-";
const NAME = `${PREFIX}alice`;
const NAMESPACE = { ...KINDS.Namespace, name: NAME };
const SECRET = { ...KINDS.Secret, namespace: NAME, name: "repl-s3" };
const secrets = async () => secretsOf("1", "Opaque", { key: "aQ==" });
const PULL_DATA = { ".dockerconfigjson": "eyJhdXRocyI6e319" };
const pullSecrets = async () => secretsOf("2", "kubernetes.io/dockerconfigjson", PULL_DATA);
const template = parseUserNamespace(readFileSync(new URL("../../../user-namespace.yaml", import.meta.url), "utf8"));
const attempt: Attempt = { signal: new AbortController().signal, guard: async () => {}, report: async () => {} };

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());
const simulator = await startSimulator({ delays: NO_DELAYS });
stack.defer(() => simulator.close());
const kubeconfigPath = join(stack.use(await mkdtempDisposable(join(tmpdir(), "homes-"))).path, "kubeconfig");
await simulator.writeKubeconfig(kubeconfigPath);
const credentials = await loadCredentials({ kubeconfig: kubeconfigPath, environment: {} });
const client = createKubeClient({ credentials, fieldManager: MANAGED_BY });
stack.defer(() => client.close());

function secretsOf(version: string, type: string, data: Record<string, string>): UserSecrets {
  return { version, secrets: [{ name: SECRET.name, type, data }] };
}

function homesWith(secretsNow: () => Promise<UserSecrets>): UserHomes {
  const patience = { unavailableMs: 5_000, goneMs: 5_000 };
  return userHomes({ template, prefix: PREFIX, client, patience, secrets: secretsNow });
}

/** Those of one worker, which has served the user. */
async function servedHomes(): Promise<UserHomes> {
  const homes = homesWith(secrets);
  await homes.within("alice", attempt, whatIsThere);
  return homes;
}

/** What stands in the namespace at the moment at which a repl may be written. */
async function whatIsThere(): Promise<number> {
  const kinds = [KINDS.NetworkPolicy, KINDS.ResourceQuota, KINDS.LimitRange, KINDS.Secret];
  const lists = await Promise.all(kinds.map((kind) => client.list(kind, { namespace: NAME })));
  return lists.flatMap(({ items }) => items).length;
}

/** Somebody deletes the namespace; another worker dies when it has made nothing but the Namespace itself. */
async function halfMadeSuccessor(): Promise<void> {
  const { apiVersion, kind, metadata } = await client.get(NAMESPACE);
  await client.remove(NAMESPACE);
  const isGone = async () => (await namespaces()).every(({ metadata: { name } }) => name !== NAME);
  await waitFor(isGone, { what: "the namespace to be gone" });
  const { name, labels = {}, annotations = {} } = metadata;
  await client.create({ apiVersion, kind, metadata: { name, labels, annotations } });
}

const namespaces = async () => (await client.list(KINDS.Namespace)).items;
const placesNow = async () => userPlaces(await namespaces(), PREFIX);

test("a namesake of a namespace that was complete is completed before anything is written into it", async () => {
  const homes = await servedHomes();
  await halfMadeSuccessor();
  expect(await homes.within("alice", attempt, whatIsThere)).toBe(4 + 1 + 1 + 1);
});

test("a namesake gets the Secrets that its predecessor had, by a sweep too", async () => {
  const homes = await servedHomes();
  expect(await homes.outdated(await placesNow())).toEqual([]);
  await halfMadeSuccessor();
  const [place] = await homes.outdated(await placesNow());
  expect(place).toMatchObject({ namespace: NAME });
  if (place !== undefined) await homes.refreshSecrets(place, attempt, 5_000);
  expect(await client.get(SECRET)).toMatchObject({ data: { key: "aQ==" } });
  expect(await homes.outdated(await placesNow())).toEqual([]);
});

test("a Secret of another type is not touched; once it is deleted, the next start makes it anew", async () => {
  await servedHomes();
  const homes = homesWith(pullSecrets);
  const subject = `Secret/${NAME}/${SECRET.name}`;
  await expect(homes.within("alice", attempt, whatIsThere)).rejects.toMatchObject({
    code: "resource_conflict",
    message: expect.stringMatching(new RegExp(`${subject} .*type: .*field is immutable.* Delete it`)),
    details: { subject },
  });
  expect(await client.get(SECRET)).toMatchObject({ type: "Opaque", data: { key: "aQ==" } });
  await client.remove(SECRET);
  await homes.within("alice", attempt, whatIsThere);
  expect(await client.get(SECRET)).toMatchObject({ type: "kubernetes.io/dockerconfigjson", data: PULL_DATA });
});
