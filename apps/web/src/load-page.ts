import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripTypes } from "./strip-types.ts";

/** One file of the page, in memory. */
export interface PageFile {
  /** Where the page expects it, such as `/assets/page/main.ts`. */
  readonly path: string;
  readonly contentType: string;
  readonly body: Buffer;
  /** Changes with the body. */
  readonly etag: string;
}

/** The page and everything it loads. */
export interface Page {
  /** The first one is the page itself, at `/`. */
  readonly files: readonly PageFile[];
  /** Directives by their names in camel case: nothing but these files runs, and it speaks to this service alone. */
  readonly contentSecurityPolicy: Readonly<Record<string, string[]>>;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".ts": "text/javascript; charset=utf-8",
};
const PAGE_FOLDER = fileURLToPath(new URL("../page", import.meta.url));
const IMPORT_MAP = /<script type="importmap">(.*?)<\/script>/s;

/**
 * Reads the page and the client that it is built on. There is no build: types are stripped as Node strips them.
 * @throws Error where a file is missing or cannot be used
 */
export async function loadPage(): Promise<Page> {
  const client = dirname(createRequire(import.meta.url).resolve("repl-orchestrator-client"));
  const assets = [...(await readFolder(PAGE_FOLDER, "/assets/page")), ...(await readFolder(client, "/assets/client"))];
  const html = assets.find(({ path }) => path.endsWith("/index.html"));
  if (html === undefined) throw new Error("apps/web: index.html is missing");
  const others = assets.filter((file) => file !== html);
  const modules = others.filter(({ path }) => path.endsWith(".ts"));
  return {
    files: [pageFile("/", ".html", Buffer.from(withPreloads(html.body.toString(), modules))), ...others],
    contentSecurityPolicy: policyFor(html.body.toString()),
  };
}

async function readFolder(folder: string, prefix: string): Promise<PageFile[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => extname(name) in CONTENT_TYPES);
  return Promise.all(
    names.sort().map((name) => readPageFile(join(folder, name), `${prefix}/${name.replaceAll("\\", "/")}`)),
  );
}

async function readPageFile(file: string, path: string): Promise<PageFile> {
  const extension = extname(file);
  const bytes = await readFile(file);
  const body = extension === ".ts" ? Buffer.from(stripTypes(bytes.toString())) : bytes;
  return pageFile(path, extension, body);
}

function pageFile(path: string, extension: string, body: Buffer): PageFile {
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  return { path, contentType: CONTENT_TYPES[extension] ?? "application/octet-stream", body, etag };
}

/** Loads every module at once, instead of one after the other as imports are found. */
function withPreloads(html: string, modules: readonly PageFile[]): string {
  const links = modules.map(({ path }) => `    <link rel="modulepreload" href=".${path}">\n`);
  return html.replace("  </head>", `${links.join("")}  </head>`);
}

/** The import map is the one script inside the page; browsers do not load it from elsewhere, so its hash is allowed. */
function policyFor(html: string): Record<string, string[]> {
  const hash = createHash("sha256")
    .update(IMPORT_MAP.exec(html)?.[1] ?? "")
    .digest("base64");
  return {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'", `'sha256-${hash}'`],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
    requireTrustedTypesFor: ["'script'"],
    trustedTypes: ["'none'"],
  };
}
