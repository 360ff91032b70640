import { createHash } from "node:crypto";
import { readdir, readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "@repl/ops";
import type { UserSecrets } from "@repl/provision";

/** A folder of Secrets that cannot be used. The message names the setting and the path, never a value. */
export class UnusableSecrets extends Error {
  override readonly name = "UnusableSecrets";

  constructor(path: string, why: string) {
    super(`USER_NAMESPACE_SECRETS_PATH: ${path} ${why}.`);
  }
}

const SECRET_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const KEY = /^[-._a-zA-Z0-9]{1,253}$/;
/** Beside Secrets, whose names never begin with a dot. */
const HIDDEN = /^\./;
/** Beside keys, which may begin with one dot, never with two: `..data`, `..2026_01_02_…`. */
const KUBELETS = /^\.\./;
/** Kubernetes' limit for the values of one Secret (core/v1, MaxSecretSize). */
const LARGEST_BYTES = 1024 * 1024;

/**
 * What the kubelet pulls images with: a Secret of this type, with this key. It passes over those of another type
 * (pkg/credentialprovider/secrets, MakeDockerKeyring).
 */
const PULL_TYPE = "kubernetes.io/dockerconfigjson";
const PULL_KEY = ".dockerconfigjson";

/** Starts of one moment share what was read: the kubelet takes up to a minute to bring a change, a second more is little. */
const SHARED_MS = 1000;

/**
 * Reads the Secrets of users' namespaces, `<path>/<name of the Secret>/<key>`, as volumes of Secrets are mounted, and
 * returns how to read them again, once a second at most. A later read that fails is logged and tried again with the next
 * call; until one succeeds the values read before stay in use.
 * @param now in milliseconds, from any beginning
 * @throws {UnusableSecrets} when the first read fails
 */
export async function openUserSecrets(
  path: string | undefined,
  log: Log,
  now: () => number = () => performance.now(),
): Promise<() => Promise<UserSecrets>> {
  if (path === undefined) return async () => ({ version: "", secrets: [] });
  const readShared = shared(() => readUserSecrets(path), now);
  let latest = await readShared();
  return async () => {
    try {
      latest = await readShared();
    } catch (error) {
      log.error({ err: error }, "the Secrets of users' namespaces cannot be read, those read before are used");
    }
    return latest;
  };
}

function shared<T>(readAnew: () => Promise<T>, now: () => number): () => Promise<T> {
  let kept: { readonly result: Promise<T>; readonly sinceMs: number } | undefined;
  return () => {
    if (kept !== undefined && now() - kept.sinceMs < SHARED_MS) return kept.result;
    const reading = { result: readAnew(), sinceMs: now() };
    kept = reading;
    reading.result.catch(() => {
      if (kept === reading) kept = undefined;
    });
    return reading.result;
  };
}

/** @throws {UnusableSecrets} */
export async function readUserSecrets(path: string): Promise<UserSecrets> {
  const secrets = await Promise.all((await namesIn(path, HIDDEN)).map((name) => readSecret(join(path, name), name)));
  if (secrets.length === 0) throw new UnusableSecrets(path, "holds no folder with the name of a Secret");
  return { version: createHash("sha256").update(JSON.stringify(secrets)).digest("hex"), secrets };
}

async function readSecret(path: string, name: string) {
  if (!SECRET_NAME.test(name)) throw new UnusableSecrets(path, "is no name of a Secret");
  const folder = await currentFolder(path);
  const entries = await Promise.all(
    (await namesIn(folder, KUBELETS)).map(async (key) => {
      if (!KEY.test(key)) throw new UnusableSecrets(join(path, key), "is no key of a Secret");
      return [key, await read(join(folder, key))] as const;
    }),
  );
  const size = entries.reduce((sum, [, value]) => sum + value.length, 0);
  if (entries.length === 0) throw new UnusableSecrets(path, "holds no file");
  if (size > LARGEST_BYTES) throw new UnusableSecrets(path, "is larger than a Secret may be (1 MiB)");
  const data = entries.map(([key, value]) => [key, value.toString("base64")] as const);
  return { name, type: typeOf(entries, path), data: Object.fromEntries(data) };
}

/** A Secret with further keys stays `Opaque`: a program's own configuration may have a file of this name. */
function typeOf([first, ...others]: readonly (readonly [key: string, value: Buffer])[], path: string): string {
  if (first?.[0] !== PULL_KEY || others.length > 0) return "Opaque";
  if (!holdsRegistries(first[1].toString()))
    throw new UnusableSecrets(
      join(path, PULL_KEY),
      "is no JSON object with `auths`, so no image can be pulled with it",
    );
  return PULL_TYPE;
}

/** Tells nothing more of what is wrong: a parser's message quotes the text. */
function holdsRegistries(text: string): boolean {
  try {
    const { auths } = JSON.parse(text) as { readonly auths?: unknown };
    return typeof auths === "object" && auths !== null && !Array.isArray(auths);
  } catch {
    return false;
  }
}

/** The kubelet swaps the link `..data` when a Secret changes: behind it the files are all of one version. */
function currentFolder(path: string): Promise<string> {
  return realpath(join(path, "..data")).catch(() => path);
}

/** In a stable order. */
async function namesIn(path: string, without: RegExp): Promise<string[]> {
  try {
    return (await readdir(path)).filter((name) => !without.test(name)).sort();
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOTDIR")
    return new UnusableSecrets(path, "is a file where a folder with the name of a Secret belongs");
  return code === undefined ? error : new UnusableSecrets(path, `cannot be read (${code})`);
}
