import { isDeepStrictEqual } from "node:util";
import { authProviderHeader } from "./auth-provider.ts";
import { CredentialsError, ExecPluginError } from "./credentials-error.ts";
import type { Access, CredentialSource, Credentials, Environment, TlsMaterial } from "./credentials-types.ts";
import { type ExecCredential, runExecPlugin } from "./exec-credential.ts";
import type { Identity } from "./identity.ts";
import { loadInCluster } from "./in-cluster.ts";
import { loadKubeconfig } from "./kubeconfig.ts";
import { checkTls, type ReadMaterial, readMaterial } from "./material.ts";
import { createTurns } from "./turns.ts";

/** As often as client-go; kubelet renews a mounted token when a fifth of its life is left. */
const RECHECK_MS = 60_000;

/** An exec credential is replaced this long before its end, so that no call sets out with one that ends on the way. */
const EXPIRY_MARGIN_MS = 10_000;

/** A plugin that only ever prints expired credentials is run this often and not for each call. */
const MIN_EXEC_LIFE_MS = 5000;

/**
 * Loads credentials. Everything that can be wrong with them on this machine is found here, before the first call.
 * @throws {CredentialsError} naming the file and the field, never their secret content
 */
export async function loadCredentials(source: CredentialSource, now: () => number = Date.now): Promise<Credentials> {
  const identity = await loadIdentity(source);
  const environment = "environment" in source ? source.environment : {};
  const keeper = createKeeper(identity, environment, now);
  await keeper.access();
  return {
    server: identity.server,
    proxyUrl: identity.proxyUrl,
    namespace: identity.namespace,
    ...keeper,
  };
}

async function loadIdentity(source: CredentialSource): Promise<Identity> {
  if ("kubeconfig" in source) {
    return loadKubeconfig(source.kubeconfig, source.context);
  }
  if ("inCluster" in source) {
    return loadInCluster(source.environment, source.directory);
  }
  if (!/^https?:\/\/./.test(source.server) || !URL.canParse(source.server)) {
    throw new CredentialsError("server is no http or https address");
  }
  const server = source.server.replace(/\/+$/, "");
  return { origin: "server", server, insecure: false };
}

/** Keeps one Access up to date. */
function createKeeper(
  identity: Identity,
  environment: Environment,
  now: () => number,
): Pick<Credentials, "access" | "reload"> {
  let current: Access | undefined;
  let goodUntil = 0;
  let exec: { credential: ExecCredential; goodUntil: number } | undefined;
  let looking: Promise<Access> | undefined;
  const renewals = new WeakMap<Access, Promise<Access>>();
  // Reads that overlap could put back what the later one has replaced.
  const inTurn = createTurns();

  async function execCredential(material: ReadMaterial, force: boolean) {
    if (identity.exec === undefined) return undefined;
    if (exec !== undefined && !force && now() < exec.goodUntil) {
      return exec.credential;
    }
    const caData = material.ca && Buffer.from(material.ca).toString("base64");
    const cluster = { server: identity.server, caData };
    const credential = await runExecPlugin(identity.exec, cluster, environment);
    exec = { credential, goodUntil: execLife(credential, now()) };
    return credential;
  }

  async function read(force: boolean): Promise<Access> {
    const material = await readMaterial(identity);
    const credential = await execCredential(material, force);
    const next = {
      headers: await headersOf(identity, material, credential),
      tls: tlsOf(identity, material, credential),
    };
    checkTls(identity, next.tls);
    goodUntil = Math.min(now() + RECHECK_MS, exec?.goodUntil ?? Infinity);
    current = succeed(current, next);
    return current;
  }

  async function readOrKeep(force: boolean): Promise<Access> {
    try {
      return await read(force);
    } catch (error) {
      if (current === undefined || !mayKeep(error, force)) throw error;
      goodUntil = now() + RECHECK_MS;
      return current;
    }
  }

  /** A rotation seen half-way: what was read last may still be good, and the server will say if it is not. */
  function mayKeep(error: unknown, force: boolean): boolean {
    // The server has said so already, and nobody but the plugin has another.
    if (force && error instanceof ExecPluginError) return false;
    return exec === undefined || now() < exec.goodUntil;
  }

  const fresh = () => (current !== undefined && now() < goodUntil ? current : undefined);
  const unlike = (refused: Access) => (current === refused ? undefined : current);

  return {
    async access() {
      const known = fresh();
      if (known !== undefined) return known;
      looking ??= inTurn(async () => fresh() ?? readOrKeep(false)).finally(() => {
        looking = undefined;
      });
      return looking;
    },
    async reload(refused) {
      const renewed = unlike(refused);
      if (renewed !== undefined) return renewed;
      const renewal =
        renewals.get(refused) ??
        inTurn(async () => unlike(refused) ?? readOrKeep(true)).finally(() => renewals.delete(refused));
      renewals.set(refused, renewal);
      return renewal;
    },
  };
}

/** The same Access again when nothing has changed: identity is how others see a change. */
function succeed(previous: Access | undefined, next: Omit<Access, "tlsRevision">): Access {
  if (previous === undefined) return { ...next, tlsRevision: 1 };
  const sameTls = isDeepStrictEqual(previous.tls, next.tls);
  if (sameTls && isDeepStrictEqual(previous.headers, next.headers)) {
    return previous;
  }
  const tlsRevision = previous.tlsRevision + (sameTls ? 0 : 1);
  return { ...next, tlsRevision };
}

function execLife({ expiresAtMs }: ExecCredential, now: number): number {
  if (expiresAtMs === undefined) return Infinity;
  return Math.max(expiresAtMs - EXPIRY_MARGIN_MS, now + MIN_EXEC_LIFE_MS);
}

function tlsOf(identity: Identity, material: ReadMaterial, credential: ExecCredential | undefined): TlsMaterial {
  const tls: TlsMaterial = {};
  const cert = credential?.cert ?? material.cert;
  const key = credential?.key ?? material.key;
  if (material.ca !== undefined) tls.ca = material.ca;
  if (cert !== undefined) tls.cert = cert;
  if (key !== undefined) tls.key = key;
  if (identity.servername !== undefined) tls.servername = identity.servername;
  if (identity.insecure) tls.rejectUnauthorized = false;
  return tls;
}

async function headersOf(
  identity: Identity,
  material: ReadMaterial,
  credential: ExecCredential | undefined,
): Promise<Record<string, string>> {
  const authorization = await authorizationOf(identity, material, credential);
  const { impersonate } = identity;
  return {
    ...(authorization === undefined ? {} : { authorization }),
    ...(impersonate === undefined ? {} : { "impersonate-user": impersonate }),
  };
}

async function authorizationOf(
  identity: Identity,
  material: ReadMaterial,
  credential: ExecCredential | undefined,
): Promise<string | undefined> {
  const token = material.token ?? credential?.token;
  if (token !== undefined) return `Bearer ${token}`;
  if (identity.basic !== undefined) {
    const { username, password } = identity.basic;
    const pair = Buffer.from(`${username}:${password}`).toString("base64");
    return `Basic ${pair}`;
  }
  return identity.authProvider === undefined ? undefined : authProviderHeader(identity, identity.authProvider);
}
