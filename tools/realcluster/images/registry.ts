// Serves an OCI layout as an image registry that is read only and stands for every registry: a name is asked for without its host.
// usage: node registry.ts LAYOUT HOST PORT      (the distribution specification's pull, opencontainers/distribution-spec)
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import process from "node:process";
import { pipeline } from "node:stream/promises";
import { blobPath, type Descriptor, imagesOf } from "./layout.ts";

const [layout = "", host, port] = process.argv.slice(2);
const images = await imagesOf(layout);
/** Name without its registry's host → manifest. */
const byPath = new Map([...images].map(([name, manifest]) => [name.slice(name.indexOf("/") + 1), manifest]));

type Found = Pick<Descriptor, "mediaType" | "digest" | "size">;

async function find(path: string): Promise<Found | undefined> {
  const [, name, kind, reference = ""] = /^\/v2\/(.+)\/(manifests|blobs)\/([\w.:-]+)$/.exec(path) ?? [];
  const tagged = byPath.get(`${name}:${reference}`);
  if (kind === "manifests" && tagged !== undefined) return tagged;
  if (!/^sha256:[0-9a-f]{64}$/.test(reference)) return undefined;
  const file = await stat(blobPath(layout, reference)).catch(() => undefined);
  const manifest = [...images.values()].find(({ digest }) => digest === reference);
  return file && { mediaType: manifest?.mediaType ?? "application/octet-stream", digest: reference, size: file.size };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://registry");
  if (pathname === "/v2/") {
    response.end();
    return;
  }
  const found = await find(pathname);
  if (found === undefined) {
    const errors = [
      { code: pathname.includes("/manifests/") ? "MANIFEST_UNKNOWN" : "BLOB_UNKNOWN", message: "not found" },
    ];
    response.writeHead(404, { "content-type": "application/json" }).end(JSON.stringify({ errors }));
    return;
  }
  response.writeHead(200, {
    "content-type": found.mediaType,
    "content-length": found.size,
    "docker-content-digest": found.digest,
  });
  if (request.method === "HEAD") response.end();
  else await pipeline(createReadStream(blobPath(layout, found.digest)), response);
}

createServer((request, response) => {
  answer(request, response).catch(() => response.destroy());
}).listen(Number(port), host);
