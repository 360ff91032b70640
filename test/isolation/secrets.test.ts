import { isDeepStrictEqual } from "node:util";
import { waitFor } from "@repl/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TARGETS, type Target } from "../support/targets.ts";
import { type SecretsFolder, secretsFolder } from "./support/secrets-folder.ts";
import { CLUSTER_MS, startUsersSystem, type UsersSystem } from "./support/users.ts";

const NAME = "repl-s3-credentials";
const FIRST = { "access-key-id": "id-of-the-first-day", "secret-access-key": "key-of-the-first-day" };
const SECOND = { "access-key-id": "id-of-the-second-day", "secret-access-key": "key-of-the-second-day" };
const PULL_NAME = "registry";
const PULL = { ".dockerconfigjson": '{"auths": {"registry.example.com": {"auth": "auth-of-the-day"}}}' };
const DOTTED = { ".env": "env-of-the-day", id: "id-of-the-day" };

const encoded = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString("base64")]));

describe.each(TARGETS)("on the $name", ({ missing, open }) => {
  describe.skipIf(missing())("the Secrets of users' namespaces", { timeout: CLUSTER_MS }, () => {
    let target: Target;
    let folder: SecretsFolder;
    let system: UsersSystem;

    beforeAll(async () => {
      target = await open();
      folder = await secretsFolder();
      await folder.write(NAME, FIRST);
      await folder.write(PULL_NAME, PULL);
      await folder.write("app", DOTTED);
      const env = { USER_NAMESPACE_SECRETS_PATH: folder.path, SWEEP_INTERVAL_SECONDS: "1", LOG_LEVEL: "trace" };
      system = await startUsersSystem(target, { env });
    });
    afterAll(async () => {
      await system?.[Symbol.asyncDispose]();
      await folder?.[Symbol.asyncDispose]();
      await target?.[Symbol.asyncDispose]();
    }, CLUSTER_MS);

    const secretOf = (userId: string, name = NAME) =>
      `/api/v1/namespaces/${system.namePrefix}${userId}/secrets/${name}`;

    test("are there when a start is done, labelled as ours", async () => {
      expect(await system.order("start", "alice", "one")).toMatchObject({ state: "completed" });
      const secret = await target.api.get(secretOf("alice"));
      expect(secret.data).toEqual(encoded(FIRST));
      expect(secret.metadata.labels).toEqual({
        "app.kubernetes.io/managed-by": "repl-orchestrator",
        "repl-orchestrator.dev/user": "alice",
      });
      expect(JSON.stringify(secret.metadata.annotations ?? {})).not.toContain("day");
    });

    test("are of the type that images are pulled with where they hold a registry's configuration", async () => {
      expect(await target.api.get(secretOf("alice", PULL_NAME))).toMatchObject({
        type: "kubernetes.io/dockerconfigjson",
        data: encoded(PULL),
      });
    });

    test("keep keys that begin with a dot", async () => {
      expect(await target.api.get(secretOf("alice", "app"))).toMatchObject({ type: "Opaque", data: encoded(DOTTED) });
    });

    test("change in namespaces that exist when the files change", async () => {
      await folder.write(NAME, SECOND);
      const arrived = async () => isDeepStrictEqual((await target.api.get(secretOf("alice"))).data, encoded(SECOND));
      await waitFor(arrived, { what: "the new values to arrive" });
    });

    test("that somebody else wrote are not taken over, and nothing tells their values", async () => {
      const namespace = `${system.namePrefix}carol`;
      await system.order("start", "carol", "first-of-carol");
      await target.api.request("PATCH", secretOf("carol"), {
        data: { "access-key-id": encoded(FIRST)["access-key-id"] },
      });
      const third = { ...SECOND, "access-key-id": "id-of-the-third-day" };
      await folder.write(NAME, third);
      const read = async () => isDeepStrictEqual((await target.api.get(secretOf("alice"))).data, encoded(third));
      await waitFor(read, { what: "the worker to have read them" });
      const status = await system.order("start", "carol", "second-of-carol");
      expect(status).toMatchObject({ state: "failed", error: { code: "resource_conflict", retryable: false } });
      expect(status.message).toContain(`Secret/${namespace}/${NAME}: Apply failed with 1 conflict`);
      expect(JSON.stringify(status)).not.toContain("-day");
    });

    test("that would change their type make the start fail, which says what to do", async () => {
      await folder.write("app", PULL);
      await folder.remove("app", Object.keys(DOTTED));
      const failed = async () => {
        const ended = await system.order("start", "alice", "second-of-alice");
        return ended.state === "failed" ? ended : undefined;
      };
      const status = await waitFor(failed, { what: "the worker to have read them" });
      const subject = `Secret/${system.namePrefix}alice/app`;
      expect(status).toMatchObject({ state: "failed", error: { code: "resource_conflict", details: { subject } } });
      expect(status.message).toContain("field is immutable");
      expect(status.message).toContain("Delete it, and the next start or sweep makes it anew.");
      expect(JSON.stringify(status)).not.toContain("-day");
    });

    test("are in no line of the worker's log, plain or encoded", async () => {
      for (const worker of system.workers) await worker.stop(); // It writes its last lines only then.
      const log = system.workers.map(({ output }) => output.text()).join("\n");
      expect(log).toContain("job completed");
      for (const value of [FIRST, SECOND, PULL, DOTTED].flatMap((values) => [
        ...Object.values(values),
        ...Object.values(encoded(values)),
      ]))
        expect(log).not.toContain(value);
    });
  });
});
