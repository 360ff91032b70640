import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";

/** The containers of the product's template. */
export interface Containers {
  // biome-ignore lint/suspicious/noExplicitAny: a test may change whatever it likes.
  readonly copy: Record<string, any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly runner: Record<string, any>;
}

/** A template in a file of its own. */
export interface TemplateFile extends AsyncDisposable {
  readonly path: string;
}

/** The product's template with its containers changed. */
export async function changedTemplate(change: (containers: Containers) => void): Promise<TemplateFile> {
  const text = await readFile(fileURLToPath(new URL("../../../service.yaml", import.meta.url)), "utf8");
  const documents = parseAllDocuments(text).map((document) => document.toJS());
  const { initContainers, containers } = documents[0].spec.template.spec;
  change({ copy: initContainers[0], runner: containers[0] });
  const folder = await mkdtemp(join(tmpdir(), "template-"));
  const path = join(folder, "service.yaml");
  await writeFile(path, documents.map((document) => JSON.stringify(document)).join("\n---\n"));
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}
