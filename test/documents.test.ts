import { execFile } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { JobStatus } from "@repl/contract";
import { KIND_RULES } from "@repl/provision";
import { freePort, startProcess } from "@repl/testkit";
import { Compile } from "typebox/compile";
import Schema from "typebox/schema";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { COMMANDS, COMPARED } from "./support/documented-commands.ts";
import { blockOf, blocksOf, commandsOf, DOCUMENTS, type Markdown, ROOT, readMarkdown } from "./support/documents.ts";
import { startSystem } from "./support/system.ts";
import { openSimulator } from "./support/targets.ts";

const PATHS = DOCUMENTS.map(({ path }) => path);

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf({ prose }: Markdown): Set<string> {
  const seen = new Map<string, number>();
  const slugs = [...prose.matchAll(/^#{1,6} (.+)$/gm)].map(([, title = ""]) => {
    const slug = title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-");
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
  return new Set(slugs);
}

/** What is wrong with a link to another place of the repository; undefined when nothing is. */
function brokenLink(from: Markdown, link: string): string | undefined {
  const [file = "", anchor] = link.split("#");
  const target = file === "" ? from.path : posix.join(dirname(from.path), decodeURIComponent(file));
  if (!existsSync(join(ROOT, target))) return `${from.path}: ${link} leads nowhere`;
  if (anchor === undefined || !target.endsWith(".md")) return undefined;
  return anchorsOf(readMarkdown(target)).has(anchor) ? undefined : `${from.path}: ${link}: there is no such heading`;
}

test("the documents of a first release are there", () => {
  const expected = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "docs/settings.md",
    "docs/errors.md",
  ];
  expect(PATHS).toEqual(expect.arrayContaining(expected));
  expect(existsSync(join(ROOT, "LICENSE"))).toBe(true);
});

test("every link leads to a file and a heading that exist", () => {
  const links = DOCUMENTS.flatMap((from) =>
    [...from.prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => ({ from, link })),
  ).filter(({ link }) => !/^[a-z]+:/.test(link));
  expect(links.length).toBeGreaterThan(30);
  expect(links.flatMap(({ from, link }) => brokenLink(from, link) ?? [])).toEqual([]);
});

test("every path of the repository that is mentioned exists", () => {
  const isPath = /^(apps|packages|test|tools|script|docs|k8s|examples|bench)\/[\w./{},*-]+$/;
  const mentioned = DOCUMENTS.flatMap(({ path, prose }) =>
    [...prose.matchAll(/`([^`\n]+)`/g)]
      .map(([, code = ""]) => ({ path, code }))
      .filter(({ code }) => isPath.test(code)),
  );
  expect(mentioned.length).toBeGreaterThan(50);
  const missing = mentioned.filter(({ code }) => globSync(code, { cwd: ROOT }).length === 0);
  expect(missing.map(({ path, code }) => `${path}: ${code}`)).toEqual([]);
});

test("no document names a folder of somebody's machine", () => {
  const found = PATHS.flatMap((path) => {
    const match = /(?<![\w.])\/(?:work|root|home|Users)\/\S*/.exec(readFileSync(join(ROOT, path), "utf8"));
    return match === null ? [] : [`${path}: ${match[0]}`];
  });
  expect(found).toEqual([]);
});

interface Manifest {
  readonly scripts: Record<string, string>;
}

/** What does not exist of what a command line of a document names. */
function missingOf(line: string): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;
  const words = line.replace(/^(\s*[A-Z][A-Z_]*=\S*\s+)*/, "").split(/\s+/);
  const isThere = (path: string) => existsSync(join(ROOT, path));
  if (words[0] === "npm" && words[1] === "run")
    return scripts[words[2] ?? ""] === undefined ? [`npm run ${words[2]}`] : [];
  const paths = words.filter((word) => /^(script|test|packages|apps|tools|bench|examples|k8s)\//.test(word));
  return paths.filter((path) => !isThere(path));
}

test("every command of a document names a script that exists", () => {
  const lines = blocksOf(/^sh$/).flatMap(({ path, text }) => text.split("\n").map((line) => ({ path, line })));
  expect(lines.filter(({ line }) => /^script\//.test(line)).length).toBeGreaterThan(5);
  expect(lines.flatMap(({ path, line }) => missingOf(line).map((what) => `${path}: ${what}`))).toEqual([]);
  const inline = DOCUMENTS.flatMap(({ path, prose }) =>
    [...prose.matchAll(/`((?:npm run|script\/)[^`\n]*)`/g)].flatMap(([, line = ""]) =>
      missingOf(line).map((what) => `${path}: ${what}`),
    ),
  );
  expect(inline).toEqual([]);
});

test("every command is run by a test, or says why none can", () => {
  const commands = blocksOf(/^sh$/).flatMap(({ text }) => commandsOf(text));
  expect(new Set(COMMANDS.map(([, command]) => command))).toEqual(new Set(commands));
  const elsewhere = COMMANDS.filter(([place]) => place.startsWith("test/"));
  for (const [place, command] of elsewhere) {
    const [program = ""] = command.split(" ");
    expect(readFileSync(join(ROOT, place), "utf8"), place).toContain(program);
  }
});

test("every other block is compared with what it shows, or run", () => {
  const blocks = blocksOf(/^(?!sh$|json \w+$)/);
  const rowsFor = ({ path, text }: (typeof blocks)[number]) =>
    COMPARED.filter(({ document, begins }) => document === path && text.startsWith(begins));
  expect(blocks.filter((block) => rowsFor(block).length !== 1).map(({ path, text }) => `${path}: ${text}`)).toEqual([]);
  expect(COMPARED.filter((row) => !blocks.some((block) => rowsFor(block).includes(row)))).toEqual([]);
  for (const { by, document } of COMPARED.filter((row) => row.by !== "a drawing")) {
    expect(readFileSync(join(ROOT, by), "utf8"), by).toContain(posix.basename(document));
  }
});

test("every JSON example can be read", () => {
  const examples = blocksOf(/^json\b/);
  expect(examples.length).toBeGreaterThan(3);
  for (const { path, text } of examples) expect(() => JSON.parse(text), `${path}: ${text}`).not.toThrow();
});

test("every example of a job's status fits its schema, and has no field besides", () => {
  const compiled = Compile(JobStatus);
  const examples = blocksOf(/^json JobStatus$/);
  expect(examples.length).toBeGreaterThan(1);
  for (const { path, text } of examples) {
    const example = JSON.parse(text) as Record<string, unknown>;
    expect([...compiled.Errors(example)], `${path}: ${text}`).toEqual([]);
    expect(Object.keys(example).sort()).toEqual(Object.keys(JobStatus.properties).sort());
  }
});

test("docs/template.md shows what a worker says of a template that it refuses", async () => {
  const folder = await mkdtemp(join(tmpdir(), "template-"));
  try {
    const template = readFileSync(join(ROOT, "service.yaml"), "utf8");
    await writeFile(join(folder, "service.yaml"), template.replace(/^ *automountServiceAccountToken: false\n/m, ""));
    await using worker = await startProcess({
      name: "worker",
      command: process.execPath,
      args: [join(ROOT, "apps/worker/src/main.ts")],
      cwd: folder,
      env: { KUBECONFIG: join(folder, "none") },
    });
    expect((await worker.exited).code).toBe(1);
    const { msg } = JSON.parse(worker.output.lines().at(-1) ?? "");
    expect(msg).toBe(blockOf("docs/template.md", "TEMPLATE_PATH").trim());
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("docs/template.md shows the annotation of examples/localhost.yaml", () => {
  const shown = parse(blockOf("docs/template.md", "metadata:\n  annotations:"));
  const documents = parseAllDocuments(readFileSync(join(ROOT, "examples/localhost.yaml"), "utf8"));
  expect(documents.map((document) => document.toJS())).toContainEqual(
    expect.objectContaining({
      metadata: expect.objectContaining(shown.metadata),
    }),
  );
});

test("docs/operations.md has the query that k8s/components scales by", () => {
  const read = (name: string) => parse(readFileSync(join(ROOT, "k8s/components", name), "utf8"));
  const { query } = read("autoscaling-keda/scaled-object.yaml").spec.triggers[0].metadata;
  const { metric } = read("autoscaling-hpa/autoscaler.yaml").spec.metrics[0].external;
  expect(blockOf("docs/operations.md", "max(sum").trim()).toBe(query);
  const { externalRules } = parse(blockOf("docs/operations.md", "externalRules:"));
  // The adapter puts the namespace of the autoscaler that asks in there.
  const asked = externalRules[0].metricsQuery.replace("<<.LabelMatchers>>", 'namespace="repl-orchestrator"');
  expect([externalRules[0].name.as, asked]).toEqual([metric.name, query]);
  expect(externalRules[0].resources).toEqual({ overrides: { namespace: { resource: "namespace" } } });
  expect(query).toContain(externalRules[0].seriesQuery);
});

/** Rows of a document's tables: their cells, without the backticks of those that are all code. */
function rowsOf(path: string): string[][] {
  const lines = readFileSync(join(ROOT, path), "utf8").split("\n");
  const rows = lines.filter((line) => line.startsWith("| ")).map((line) => line.split("|").slice(1, -1));
  return rows.map((cells) => cells.map((cell) => cell.trim().replace(/^`([^`]*)`$/, "$1")));
}

test("docs/template.md has every kind of a template with its apiVersion and wave", () => {
  const documented = rowsOf("docs/template.md")
    .filter(([, apiVersion = ""]) => /^([a-z.0-9]+\/)?v\d+$/.test(apiVersion))
    .map((row) => row.slice(0, 3));
  const rules = Object.entries(KIND_RULES).map(([kind, { apiVersion, wave }]) => [kind, apiVersion, wave]);
  expect(documented.sort()).toEqual(rules.sort());
});

test("the README's settings have the defaults of docs/settings.md", () => {
  const defaults = new Map(rowsOf("docs/settings.md").map(([name, value]) => [name, value]));
  const named = rowsOf("README.md").filter(([name = ""]) => /^[A-Z_]+$/.test(name));
  expect(named.length).toBeGreaterThan(5);
  for (const [name, value] of named) expect(`${name}=${value}`).toBe(`${name}=${defaults.get(name)}`);
});

interface OpenApi {
  readonly components: { readonly schemas: Record<string, { properties?: Record<string, { enum?: string[] }> }> };
  readonly paths: Record<string, Record<string, { responses?: Record<string, { description?: string }> }>>;
}

interface ProblemRow {
  readonly code: string;
  readonly status: number;
  readonly title: string;
}

/** An api process by itself: what it says of itself needs no Redis. */
async function startApi(settings: Readonly<Record<string, string>> = {}) {
  const [port, opsPort, deadPort] = await Promise.all([freePort(), freePort(), freePort()]);
  const [api, ops, dead] = [port, opsPort, deadPort].map((each) => `http://127.0.0.1:${each}`) as [
    string,
    string,
    string,
  ];
  const redisUrl = dead.replace("http", "redis");
  const running = await startProcess({
    name: "api",
    command: process.execPath,
    args: ["apps/api/src/main.ts"],
    cwd: ROOT,
    env: { PORT: String(port), OPS_PORT: String(opsPort), REDIS_URL: redisUrl, ...settings },
    ready: { url: `${api}/openapi.json` },
  });
  const openapi = (await (await fetch(`${api}/openapi.json`)).json()) as OpenApi;
  return { api, ops, openapi, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() };
}

/** The problems that the routes' responses describe, each as "`code`: title". */
function describedProblems({ paths }: OpenApi): ProblemRow[] {
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  return operations
    .flatMap(({ responses = {} }) => Object.entries(responses))
    .flatMap(([status, { description = "" }]) =>
      [...description.matchAll(/^`(\w+)`: (.+)$/gm)].map(([, code = "", title = ""]) => ({
        code,
        status: Number(status),
        title,
      })),
    );
}

async function answeredProblem(url: string, init: RequestInit = {}): Promise<ProblemRow> {
  const response = await fetch(url, init);
  const { code, title } = (await response.json()) as { code: string; title: string };
  return { code, status: response.status, title };
}

/** Problems that no route's description has: those of other addresses, of the ops port, and of every route alike. */
async function otherProblems(api: string, ops: string): Promise<ProblemRow[]> {
  const crossSite = { method: "PUT", headers: { "sec-fetch-site": "cross-site" } };
  return [
    await answeredProblem(`${api}/nothing`),
    await answeredProblem(`${api}/start`, { method: "DELETE" }),
    await answeredProblem(`${ops}/readyz`),
    await answeredProblem(`${ops}/admin/queues/api/queues/repls/pause`, crossSite),
    await keysUnavailable(),
  ];
}

/** What an api answers to a token while the identity provider is away. */
async function keysUnavailable(): Promise<ProblemRow> {
  const provider = `http://127.0.0.1:${await freePort()}/keys`;
  const names = { AUTH_ISSUER: "documents", AUTH_AUDIENCE: "documents" };
  await using api = await startApi({ AUTH_MODE: "jwt", AUTH_JWKS_URL: provider, ...names });
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const token = `${part({ alg: "RS256", kid: "a" })}.${part({ sub: "alice" })}.AA`;
  return await answeredProblem(`${api.api}/repls`, { headers: { authorization: `Bearer ${token}` } });
}

describe("what the api says of itself", () => {
  test("docs/errors.md has every problem with its status and title, and no other", async () => {
    await using api = await startApi();
    const known = [...describedProblems(api.openapi), ...(await otherProblems(api.api, api.ops))];
    const codes = api.openapi.components.schemas["Problem"]?.properties?.["code"]?.enum ?? [];
    expect(codes.filter((code) => !known.some((problem) => problem.code === code))).toEqual([]);

    const [, section = ""] = readFileSync(join(ROOT, "docs/errors.md"), "utf8").split("\n## Problems of the api\n");
    const documented = [...section.matchAll(/^\| `(\w+)` \| (\d+) \| (.+?) \| (.+) \|$/gm)].map(
      ([, code = "", status, title = ""]) => ({ code, status: Number(status), title }),
    );
    expect(documented.map(({ code }) => code)).toEqual(codes);
    for (const { code, status, title } of known) {
      expect(documented.find((row) => row.code === code)).toEqual({ code, status, title });
    }
  });

  test("docs/api.md has every route, and its examples fit the schemas they are named after", async () => {
    await using api = await startApi();
    const routes = Object.entries(api.openapi.paths).flatMap(([path, methods]) =>
      Object.keys(methods)
        .filter((method) => method !== "head")
        .map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`),
    );
    const text = readFileSync(join(ROOT, "docs/api.md"), "utf8");
    const documented = [...text.matchAll(/^\| `((?:GET|POST|PUT|PATCH|DELETE) [^`]+)` \|/gm)].map(([, route]) => route);
    expect(documented.sort()).toEqual(routes.sort());

    const examples = blocksOf(/^json \w+$/).map((block) => ({ ...block, name: block.info.split(" ")[1] ?? "" }));
    expect(new Set(examples.map(({ name }) => name)).size).toBeGreaterThan(3);
    for (const { path, name, text: example } of examples) {
      expect(Object.keys(api.openapi.components.schemas), path).toContain(name);
      const schema = Schema.Compile({ components: api.openapi.components, $ref: `#/components/schemas/${name}` });
      expect(schema.Errors(JSON.parse(example)), `${path}: ${example}`).toEqual([true, []]);
    }
  });
});

/** Runs a script of a document against an api, as a module of its own. Node has EventSource behind a flag. */
async function runExample(code: string, apiUrl: string, more = ""): Promise<string> {
  const script = code.replace(/^const api = .*$/m, `const api = ${JSON.stringify(apiUrl)};`) + more;
  const args = ["--experimental-eventsource", "--no-warnings", "--input-type=module", "--eval", script];
  return (await promisify(execFile)(process.execPath, args, { timeout: 20_000 })).stdout;
}

test("the README's two front ends follow a start to its end", { timeout: 60_000 }, async () => {
  const [polls, listens] = blocksOf(/^js$/).filter(({ path }) => path === "README.md");
  await using target = await openSimulator();
  await using system = await startSystem(target);
  const url = system.apis[0]?.url ?? "";
  const polled = await runExample(polls?.text ?? "", url);
  expect(polled).toContain("100 Resources created successfully.");
  expect(polled).toContain("completed [ 'http://repl123.peetcode.com', 'http://repl123.autogpt-cloud.com' ] null");

  const jobId = await system.submit("start", "repl124");
  const [ask] = functionsOf(polls?.text);
  const listening = `const api = "";\n${ask}\n${listens?.text}`;
  const follow = `followJob("/jobs/${jobId}/events", (job) => console.log(job.state));`;
  expect((await runExample(listening, url, follow)).trim().split("\n").at(-1)).toBe("completed");
});

test("the README's two front ends are those of examples/", () => {
  const plain = (text: string) => text.replace(/^ +/gm, "");
  const [polls, listens] = blocksOf(/^js$/).filter(({ path }) => path === "README.md");
  const functions = [polls, listens].flatMap((block) => functionsOf(block?.text));
  expect(functions.length).toBe(3);
  const [ask = "", startRepl = "", followJob = ""] = functions;
  const pages = { polling: [ask, startRepl], streaming: [ask, followJob] };
  for (const [name, functions] of Object.entries(pages)) {
    const page = plain(readFileSync(join(ROOT, `examples/front-end-${name}.html`), "utf8"));
    for (const text of functions) expect(page).toContain(plain(text));
  }
});

function functionsOf(code = ""): string[] {
  return code.match(/^(?:async )?function [\s\S]*?^}$/gm) ?? [];
}

test("the example of packages/client/README.md opens the workspace's address", { timeout: 60_000 }, async () => {
  const code = blockOf("packages/client/README.md", "import { createClient");
  await using target = await openSimulator();
  await using system = await startSystem(target);
  const around = (example: string) => `
    const session = {}, show = (...shown) => console.log(...shown), open = (url) => console.log("opened", url);
    ${example.replace("https://repls.example.com", system.apis[0]?.url ?? "")}`;
  expect(await runExample(around(code), "")).toMatch(
    /100 Resources created successfully[^\n]*\nopened http:\/\/hello\./,
  );
  expect(await runExample(around(code.replace('"hello"', '"fail-image-hello"')), "")).toContain("image_pull_failed");
});
