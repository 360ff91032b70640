import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** One blob of an OCI image layout (opencontainers/image-spec, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The annotation by which containerd and others find an image's full name in a layout. */
const NAME = "io.containerd.image.name";
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** Where a layout keeps the blob with this digest (`sha256:…`). */
export function blobPath(layout: string, digest: string): string {
  return join(layout, "blobs", ...digest.split(":"));
}

/** The manifests of a layout's images by their full names, such as `docker.io/library/busybox:latest`. */
export async function imagesOf(layout: string): Promise<Map<string, Descriptor>> {
  const index = JSON.parse(await readFile(join(layout, "index.json"), "utf8")) as { manifests: Descriptor[] };
  return new Map(index.manifests.map((manifest) => [manifest.annotations?.[NAME] ?? "", manifest]));
}

/** Adds an image to a layout, which is created where there is none; an image of the same name is replaced. */
export async function addImage(layout: string, name: string, config: object, layers: readonly string[]): Promise<void> {
  await mkdir(join(layout, "blobs/sha256"), { recursive: true });
  const added = await Promise.all(layers.map((layer) => addLayer(layout, layer)));
  const image = await addJson(layout, "config.v1+json", {
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    os: "linux",
    config,
    rootfs: { type: "layers", diff_ids: added.map(({ digest }) => digest) },
  });
  const manifest = await addJson(layout, "manifest.v1+json", {
    schemaVersion: 2,
    mediaType: mediaType("manifest.v1+json"),
    config: image,
    layers: added,
  });
  const images = await imagesOf(layout).catch(() => new Map<string, Descriptor>());
  images.set(name, { ...manifest, annotations: { [NAME]: name } });
  await writeFile(join(layout, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [...images.values()] }));
  await writeFile(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
}

function mediaType(name: string): string {
  return `application/vnd.oci.image.${name}`;
}

/** Layers stay uncompressed, so that the digest of the file is that of its content too. */
async function addLayer(layout: string, path: string): Promise<Descriptor> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  const digest = `sha256:${hash.digest("hex")}`;
  await copyFile(path, blobPath(layout, digest));
  return { mediaType: mediaType("layer.v1.tar"), digest, size: (await stat(path)).size };
}

async function addJson(layout: string, type: string, content: object): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify(content));
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  await writeFile(blobPath(layout, digest), bytes);
  return { mediaType: mediaType(type), digest, size: bytes.length };
}
