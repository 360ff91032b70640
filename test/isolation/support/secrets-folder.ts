import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder as volumes of Secrets are mounted. */
export interface SecretsFolder extends AsyncDisposable {
  readonly path: string;
  /** Writes the keys of one Secret. */
  write(name: string, values: Readonly<Record<string, string>>): Promise<void>;
  /** Removes keys of one Secret. */
  remove(name: string, keys: readonly string[]): Promise<void>;
}

/** Makes an empty one. */
export async function secretsFolder(): Promise<SecretsFolder> {
  const path = await mkdtemp(join(tmpdir(), "secrets-"));
  return {
    path,
    async write(name, values) {
      await mkdir(join(path, name), { recursive: true });
      await Promise.all(Object.entries(values).map(([key, value]) => writeFile(join(path, name, key), value)));
    },
    async remove(name, keys) {
      await Promise.all(keys.map((key) => rm(join(path, name, key))));
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}
