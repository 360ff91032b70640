import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openUserSecrets, readUserSecrets } from "../src/user-secrets.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "user-secrets-"));
});
afterEach(() => rm(root, { recursive: true }));

const write = async (secret: string, key: string, value: string | Uint8Array) => {
  await mkdir(join(root, secret), { recursive: true });
  await writeFile(join(root, secret, key), value);
};
const base64 = (text: string) => Buffer.from(text).toString("base64");
const silent = pino({ level: "silent" });
const refusal = async () => (await readUserSecrets(root).catch((error: Error) => error.message)) as string;

test("folders are Secrets, files their keys, bytes as they are", async () => {
  await write("s3", "id", "text");
  await write("s3", "key", Uint8Array.of(0, 255, 10));
  await write("more.of-them", "a", "b");
  expect((await readUserSecrets(root)).secrets).toEqual([
    { name: "more.of-them", type: "Opaque", data: { a: base64("b") } },
    { name: "s3", type: "Opaque", data: { id: base64("text"), key: "AP8K" } },
  ]);
});

test("a key may begin with a dot, what the kubelet keeps beside the keys begins with two", async () => {
  await write("app", ".env", "a=b");
  await write("app", "id", "text");
  await mkdir(join(root, "app", "..2026_01"));
  await write(".hidden", "id", "of no Secret: its name cannot begin with a dot");
  expect((await readUserSecrets(root)).secrets).toEqual([
    { name: "app", type: "Opaque", data: { ".env": base64("a=b"), id: base64("text") } },
  ]);
});

test("a Secret whose one key is a registry's configuration is of the type that images are pulled with", async () => {
  const config = '{"auths": {"registry.example.com": {"auth": "dTpw"}}}';
  await write("registry", ".dockerconfigjson", config);
  await write("tools", ".dockerconfigjson", "of no use to the kubelet");
  await write("tools", "id", "text");
  expect((await readUserSecrets(root)).secrets).toMatchObject([
    { name: "registry", type: "kubernetes.io/dockerconfigjson", data: { ".dockerconfigjson": base64(config) } },
    { name: "tools", type: "Opaque" },
  ]);
});

test("a volume of a Secret is read behind the kubelet's link, and again when that is swapped", async () => {
  const secret = join(root, "s3");
  const version = async (name: string, value: string) => {
    await mkdir(join(secret, name), { recursive: true });
    await writeFile(join(secret, name, "key"), value);
    await symlink(name, join(secret, "..data_tmp"));
    await rename(join(secret, "..data_tmp"), join(secret, "..data"));
  };
  await version("..2026_01", "old");
  await symlink("..data/key", join(secret, "key"));
  let now = 0;
  const read = await openUserSecrets(root, silent, () => now);
  const first = await read();
  expect(first.secrets).toEqual([{ name: "s3", type: "Opaque", data: { key: base64("old") } }]);
  expect((await read()).version).toBe(first.version);
  await version("..2026_02", "new");
  now = 1000;
  const second = await read();
  expect(second.secrets).toEqual([{ name: "s3", type: "Opaque", data: { key: base64("new") } }]);
  expect(second.version).not.toBe(first.version);
});

test("what was read before stays in use while it cannot be read, and each call tries again", async () => {
  let now = 0;
  await write("s3", "id", "text");
  const read = await openUserSecrets(root, silent, () => now);
  await rm(join(root, "s3"), { recursive: true });
  now = 1000;
  expect((await read()).secrets).toEqual([{ name: "s3", type: "Opaque", data: { id: base64("text") } }]);
  await write("s3", "id", "later");
  expect((await read()).secrets).toEqual([{ name: "s3", type: "Opaque", data: { id: base64("later") } }]);
});

test("calls within a second share one read", async () => {
  let now = 0;
  await write("s3", "id", "text");
  const read = await openUserSecrets(root, silent, () => now);
  now = 1000;
  const [first, second] = await Promise.all([read(), read()]);
  expect(second).toBe(first);
  await write("s3", "id", "later");
  now = 1999;
  expect(await read()).toBe(first);
  now = 2000;
  expect((await read()).secrets).toEqual([{ name: "s3", type: "Opaque", data: { id: base64("later") } }]);
});

test("without a path there are none", async () => {
  expect((await (await openUserSecrets(undefined, silent))()).secrets).toEqual([]);
});

describe("the worker does not start with", () => {
  test("a path that is not there", async () => {
    await expect(openUserSecrets(join(root, "none"), silent)).rejects.toThrow(
      `USER_NAMESPACE_SECRETS_PATH: ${root}/none cannot be read (ENOENT).`,
    );
  });

  test("an empty folder, or an empty Secret", async () => {
    expect(await refusal()).toContain("holds no folder with the name of a Secret");
    await mkdir(join(root, "s3"));
    expect(await refusal()).toContain("/s3 holds no file");
  });

  test("keys where Secrets belong, without telling their values", async () => {
    await writeFile(join(root, "access-key"), "do-not-tell");
    expect(await refusal()).toContain("/access-key is a file where a folder with the name of a Secret belongs");
    expect(await refusal()).not.toContain("do-not-tell");
  });

  test.each(["do-not-tell", "null", '["do-not-tell"]', '{"credsStore": "do-not-tell"}', '{"auths": ["do-not-tell"]}'])(
    "a registry's configuration that pulls nothing, without telling it: %s",
    async (config) => {
      await write("registry", ".dockerconfigjson", config);
      expect(await refusal()).toContain("/registry/.dockerconfigjson is no JSON object with `auths`");
      expect(await refusal()).not.toContain("do-not-tell");
    },
  );

  test("names that Kubernetes does not take, or more than a Secret holds", async () => {
    await write("S3", "id", "x");
    expect(await refusal()).toContain("/S3 is no name of a Secret");
    await rm(join(root, "S3"), { recursive: true });
    await write("s3", "a b", "x");
    expect(await refusal()).toContain("/s3/a b is no key of a Secret");
    await rm(join(root, "s3"), { recursive: true });
    await write("s3", "large", "x".repeat(1024 * 1024 + 10));
    expect(await refusal()).toContain("is larger than a Secret may be");
  });
});
