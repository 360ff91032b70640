import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { loadCredentials } from "../src/credentials/credentials.ts";
import { temporaryFolder } from "./support/cleanup.ts";
import { failure } from "./support/wait.ts";

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

/** A plugin that counts its runs in a file, keeps what it was told, and prints what `status` says. */
async function plugin(status: string, exec: object = {}, now?: () => number) {
  const script = join(folder, "plugin.cjs");
  const runs = join(folder, "runs");
  await writeFile(
    script,
    `const fs = require("node:fs");
     fs.appendFileSync(${JSON.stringify(runs)}, process.env.KUBERNETES_EXEC_INFO + "\\n");
     const run = fs.readFileSync(${JSON.stringify(runs)}, "utf8").split("\\n").length - 1;
     fs.readFileSync(0);
     ${status}`,
  );
  const user = {
    exec: { apiVersion: "client.authentication.k8s.io/v1", command: process.execPath, args: [script], ...exec },
  };
  const kubeconfig = join(folder, "config");
  await writeFile(
    kubeconfig,
    JSON.stringify({
      "current-context": "x",
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
      users: [{ name: "u", user }],
    }),
  );
  const read = async () => (await readFile(runs, "utf8")).trim().split("\n");
  return { runs: read, load: () => loadCredentials({ kubeconfig, environment: { MARK: "inherited" } }, now) };
}

const print = (status: string) => `console.log(JSON.stringify({ kind: "ExecCredential", status: ${status} }))`;

describe("an exec plugin", () => {
  it("yields a token, knows its task, and is not run again while its credential is good", async () => {
    const { load, runs } = await plugin(print("{ token: process.env.MARK + process.env.OWN + run }"), {
      env: [{ name: "OWN", value: "-own-" }],
      provideClusterInfo: true,
    });
    const credentials = await load();
    expect((await credentials.access()).headers).toEqual({ authorization: "Bearer inherited-own-1" });
    await credentials.access();
    const [info, ...more] = await runs();
    expect(more).toEqual([]);
    expect(JSON.parse(info ?? "")).toEqual({
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      spec: { interactive: false, cluster: { server: "https://127.0.0.1:1" } },
    });
  });

  it("is run again shortly before its credential expires, and after a 401: once for all", async () => {
    let now = Date.parse("2026-01-01T00:00:00Z");
    const { load, runs } = await plugin(
      print('{ token: "t" + run, expirationTimestamp: "2026-01-01T00:10:00Z" }'),
      {},
      () => now,
    );
    const credentials = await load();
    now += 589_000;
    await credentials.access();
    expect(await runs()).toHaveLength(1);
    now += 1000;
    const second = await credentials.access();
    expect(second.headers).toEqual({ authorization: "Bearer t2" });
    await Promise.all(Array.from({ length: 10 }, () => credentials.reload(second)));
    expect(await runs()).toHaveLength(3);
  });

  it.each([
    ["exits badly", 'console.error("s3cr3t"); process.exit(3)', "failed (3)"],
    ["prints nothing", "", "printed no ExecCredential with a token or certificate"],
    ["prints garbage", 'console.log("s3cr3t")', "printed no ExecCredential with a token or certificate"],
    ["prints no status", "console.log('{}')", "printed no ExecCredential with a token or certificate"],
  ])("that %s is named, without what it printed", async (_, status, message) => {
    const { load } = await plugin(status);
    const found = await failure(load());
    expect(found.name).toBe("CredentialsError");
    expect(found.message).toContain(message);
    expect(found.message).toContain(process.execPath);
    expect(found.message).not.toContain("s3cr3t");
  });

  it("that is not installed is named with its hint", async () => {
    const { load } = await plugin("", { command: "no-such-plugin", installHint: "install it from example.com" });
    expect((await failure(load())).message).toBe(
      "exec plugin no-such-plugin: no such command; install it from example.com",
    );
  });

  it("that fails later fails the calls only when its credential has expired", async () => {
    let now = Date.parse("2026-01-01T00:00:00Z");
    const { load } = await plugin(
      `if (run > 1) process.exit(1); ${print('{ token: "t", expirationTimestamp: "2026-01-01T00:10:00Z" }')}`,
      {},
      () => now,
    );
    const credentials = await load();
    const good = await credentials.access();
    now += 60_000;
    expect(await credentials.access()).toBe(good);
    now += 540_000;
    expect((await failure(credentials.access())).message).toContain("failed (1)");
  });

  it("that fails after a 401 says so instead of giving back what was refused, and is run again after the next", async () => {
    const { load } = await plugin(`if (run === 2) process.exit(1); ${print('{ token: "t" + run }')}`);
    const credentials = await load();
    const refused = await credentials.access();
    const found = await failure(credentials.reload(refused));
    expect(found).toMatchObject({ name: "CredentialsError", message: expect.stringContaining("failed (1)") });
    expect(await credentials.access()).toBe(refused);
    expect((await credentials.reload(refused)).headers).toEqual({ authorization: "Bearer t3" });
  });

  it("is run after a 401 even while the files are being looked at, once for all who were refused", async () => {
    let now = 0;
    const { load, runs } = await plugin(print('{ token: "t" + run }'), {}, () => now);
    const credentials = await load();
    const refused = await credentials.access();
    now += 60_000;
    const looking = credentials.access();
    const renewed = await Promise.all([credentials.reload(refused), credentials.reload(refused)]);
    expect(await looking).toBe(refused);
    expect(renewed.map(({ headers }) => headers["authorization"])).toEqual(["Bearer t2", "Bearer t2"]);
    expect(await credentials.access()).toBe(renewed[0]);
    expect(await runs()).toHaveLength(2);
  });
});
