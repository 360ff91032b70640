import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect, constants } from "node:http2";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text as readText } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { KubeConfig } from "@kubernetes/client-node";
import { describe, expect, onTestFinished, test } from "vitest";
import { startSimulator } from "../src/index.ts";
import {
  ask,
  CONFIG_MAPS,
  create,
  DEPLOYMENTS,
  first,
  type Json,
  json,
  PODS,
  replDeployment,
  simulatorFor,
} from "./api.ts";

describe("the audit", () => {
  test("lists every call with verb, subject, status and caller", async () => {
    const simulator = await simulatorFor();
    await create(simulator, DEPLOYMENTS, replDeployment("demo"));
    await ask(simulator, "GET", `${DEPLOYMENTS}/none`);
    const [write] = simulator.audit.entries({ write: true });
    expect(write).toMatchObject({
      number: 1,
      verb: "create",
      subject: "Deployment/default/",
      status: 201,
      user: "admin",
      userAgent: "test/1",
    });
    expect(simulator.audit.entries({ subject: "Deployment/*/none" })).toMatchObject([{ verb: "get", status: 404 }]);
    const over = await json(ask(simulator, "GET", "/simulator/audit?write=true"));
    expect(over).toMatchObject({ count: 2, entries: [{ verb: "create" }] });
  });

  test("controllers and the control endpoint do not count as calls", async () => {
    const simulator = await simulatorFor();
    await create(simulator, DEPLOYMENTS, replDeployment("demo"));
    await first(simulator, PODS, (pod) => pod.status?.phase === "Running");
    await ask(simulator, "GET", "/simulator/connections");
    expect(simulator.audit.entries().map(({ verb }) => verb)).toEqual(["create", "watch"]);
  });
});

describe("tokens", () => {
  test("rules allow what they name, and nothing else", async () => {
    const rules = [{ verbs: ["get", "list"], resources: ["configmaps", "pods/log"], namespaces: ["default"] }];
    const simulator = await simulatorFor({ users: { reader: { name: "jane", rules } } });
    expect((await ask(simulator, "GET", CONFIG_MAPS, undefined, "reader")).status).toBe(200);
    expect((await ask(simulator, "GET", "/api/v1/configmaps", undefined, "reader")).status).toBe(403);
    const refused = await ask(simulator, "POST", DEPLOYMENTS, replDeployment("demo"), "reader");
    expect(refused.status).toBe(403);
    expect(((await refused.json()) as Json).message).toBe(
      'deployments.apps is forbidden: User "jane" cannot create resource "deployments" in API group "apps" in the namespace "default"',
    );
  });

  test("can be revoked while it runs", async () => {
    const simulator = await simulatorFor();
    expect((await ask(simulator, "GET", CONFIG_MAPS)).status).toBe(200);
    simulator.tokens.delete(simulator.token);
    expect((await ask(simulator, "GET", CONFIG_MAPS)).status).toBe(401);
  });
});

describe("transport", () => {
  test("TLS speaks HTTP/2 and HTTP/1.1, and counts connections", async () => {
    const simulator = await simulatorFor({ tls: true });
    const ca = simulator.ca ?? "";
    const session = connect(simulator.url, { ca });
    onTestFinished(() => session.close());
    const codes = await Promise.all(
      ["/version", "/livez"].map(async (path) => {
        const stream = session.request({ ":path": path });
        const [headers] = await once(stream, "response");
        stream.resume();
        await once(stream, "end");
        return headers[constants.HTTP2_HEADER_STATUS];
      }),
    );
    expect(codes).toEqual([200, 200]);
    expect(simulator.connections).toMatchObject({ opened: 1, open: 1 });
    const old = request(`${simulator.url}/version`, { ca, agent: false }).end();
    const [response] = await once(old, "response");
    expect(response.httpVersion).toBe("1.1");
    expect(JSON.parse(await readText(response))).toMatchObject({ minor: "35" });
    expect(simulator.connections.opened).toBe(2);
  });

  test("a body beyond the server's limit is 413", async () => {
    const simulator = await simulatorFor();
    const data = { a: "x".repeat(3 * 1024 * 1024) };
    expect((await ask(simulator, "POST", CONFIG_MAPS, { metadata: { name: "a" }, data })).status).toBe(413);
  });

  test("the kubeconfig is one that clients can read", async () => {
    const simulator = await simulatorFor({ tls: true, namespace: "repls", namespaces: ["repls"] });
    const config = new KubeConfig();
    config.loadFromString(simulator.kubeconfig());
    expect(config.getCurrentCluster()).toMatchObject({ server: simulator.url });
    expect(config.getCurrentUser()?.token).toBe(simulator.token);
    expect(config.getContextObject("simulator")?.namespace).toBe("repls");
  });

  test("a taken port is the system's error", async () => {
    const simulator = await simulatorFor();
    const port = Number(new URL(simulator.url).port);
    await expect(startSimulator({ port })).rejects.toThrow("EADDRINUSE");
  });
});

describe("other workloads", () => {
  const template = (labels: object, restartPolicy: string) => ({
    metadata: { labels },
    spec: { restartPolicy, containers: [{ name: "main", image: "node:26" }] },
  });

  test("a Job runs to its end", async () => {
    const simulator = await simulatorFor();
    const jobs = "/apis/batch/v1/namespaces/default/jobs";
    await create(simulator, jobs, { metadata: { name: "once" }, spec: { template: template({}, "Never") } });
    const done = await first(simulator, jobs, (job) => job.status?.succeeded === 1);
    expect(done.status.conditions).toMatchObject([{ type: "Complete", status: "True" }]);
  });

  test("a Job whose pods fail gives up", async () => {
    const simulator = await simulatorFor({ failures: [{ repl: "once-*", failure: "crash_loop" }] });
    const jobs = "/apis/batch/v1/namespaces/default/jobs";
    const spec = { backoffLimit: 1, template: template({}, "Never") };
    await create(simulator, jobs, { metadata: { name: "once" }, spec });
    const failed = await first(simulator, jobs, (job) => job.status?.conditions?.[0]?.type === "Failed");
    expect(failed.status).toMatchObject({ failed: 2, conditions: [{ reason: "BackoffLimitExceeded" }] });
  });

  test("a StatefulSet makes its pods in order", async () => {
    const simulator = await simulatorFor();
    const sets = "/apis/apps/v1/namespaces/default/statefulsets";
    const spec = {
      replicas: 2,
      serviceName: "db",
      selector: { matchLabels: { app: "db" } },
      template: template({ app: "db" }, "Always"),
    };
    await create(simulator, sets, { metadata: { name: "db" }, spec });
    await first(simulator, sets, (set) => set.status?.readyReplicas === 2);
    const { items } = await json(ask(simulator, "GET", PODS));
    expect(items.map((pod: { metadata: { name: string } }) => pod.metadata.name)).toEqual(["db-0", "db-1"]);
  });

  test("a log tells what the container would have said", async () => {
    const simulator = await simulatorFor({ failures: [{ repl: "demo", failure: "crash_loop", message: "boom" }] });
    await create(simulator, DEPLOYMENTS, replDeployment("demo"));
    const pod = await first(simulator, PODS, (each) => each.status?.containerStatuses?.[0]?.restartCount > 0);
    const log = await ask(simulator, "GET", `${PODS}/${pod.metadata.name}/log?previous=true`);
    expect(await log.text()).toContain("boom");
  });
});

describe("the process", () => {
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
  const run = (...args: string[]) => {
    const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    return child;
  };

  test("says where it listens, writes the kubeconfig, and ends on SIGTERM", async () => {
    const folder = await mkdtemp(join(tmpdir(), "simulator-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, "kubeconfig");
    const child = run("--kubeconfig", path, "--pod-seconds", "0");
    const [line] = await once(createInterface(child.stdout), "line");
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    expect(await readFile(path, "utf8")).toContain(`server: "${url}"`);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  test.each([
    ["--port", "high"],
    ["--pod-seconds", "-1"],
    ["--fail", "demo=sulks"],
    ["--bogus", "1"],
  ])("refuses %s %s and names it", async (flag, value) => {
    const child = run(`${flag}=${value}`);
    const [error, [code]] = await Promise.all([readText(child.stderr), once(child, "exit")]);
    expect(code).toBe(2);
    expect(error).toContain(flag);
    expect(error).not.toContain("    at ");
  });
});
