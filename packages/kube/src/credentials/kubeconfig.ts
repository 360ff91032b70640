import { isAbsolute, join } from "node:path";
import { type Cluster, newClusters, newUsers, type User } from "@kubernetes/client-node/dist/config_types.js";
import { CredentialsError } from "./credentials-error.ts";
import type { ExecPlugin, Identity, Material } from "./identity.ts";
import { type Entry, isRecord, type Kubeconfig, readKubeconfig } from "./kubeconfig-file.ts";

/**
 * The identity that a kubeconfig's context stands for. The fields are mapped by client-node's own `config_types`,
 * imported deep because it loads in 6 ms where the whole package, or its KubeConfig, takes 400 to 900.
 * @throws {CredentialsError} naming file and field
 */
export async function loadKubeconfig(value: string, context?: string): Promise<Identity> {
  const config = await readKubeconfig(value);
  const name = context ?? config.currentContext;
  if (name === undefined) {
    throw new CredentialsError(`kubeconfig ${value}: no current-context is set`);
  }
  const chosen = part(config, "contexts", "context", name);
  const clusterEntry = part(config, "clusters", "cluster", text(chosen, "cluster"));
  const userName = chosen.fields["user"];
  const userEntry =
    userName === undefined || userName === "" ? undefined : part(config, "users", "user", String(userName));
  return {
    origin: `kubeconfig ${value}`,
    namespace: optionalText(chosen.fields["namespace"]),
    ...clusterIdentity(clusterEntry),
    ...(userEntry === undefined ? {} : userIdentity(userEntry)),
  };
}

/** One entry that was referred to: where it stands, and its inner fields. */
interface Part extends Entry {
  /** For errors: `users[name]`. */
  label: string;
  fields: Record<string, unknown>;
}

function part(config: Kubeconfig, list: "contexts" | "clusters" | "users", field: string, name: string): Part {
  const entry = config[list].get(name);
  if (entry === undefined) {
    throw new CredentialsError(`kubeconfig ${config.origin}: ${field} ${JSON.stringify(name)} is not defined`);
  }
  const fields = entry.value[field] ?? (list === "users" ? {} : undefined);
  const label = `kubeconfig ${entry.file}: ${list}[${name}].${field}`;
  if (!isRecord(fields)) throw new CredentialsError(`${label} is missing`);
  return { ...entry, label, fields };
}

function text(from: Part, key: string): string {
  const value = from.fields[key];
  if (typeof value === "string" && value !== "") return value;
  throw new CredentialsError(`${from.label}.${key} is missing`);
}

function optionalText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function clusterIdentity(entry: Part) {
  const server = text(entry, "server");
  if (!/^https?:\/\/./.test(server) || !URL.canParse(server)) {
    throw new CredentialsError(`${entry.label}.server is no http or https address`);
  }
  const [cluster] = newClusters([entry.value]) as [Cluster];
  return {
    server: cluster.server,
    proxyUrl: proxy(entry, cluster.proxyUrl),
    servername: optionalText(cluster.tlsServerName),
    insecure: cluster.skipTLSVerify,
    ca: material(entry, "certificate-authority", cluster.caData, cluster.caFile),
  };
}

function proxy(entry: Part, url: string | undefined): string | undefined {
  if (!url) return undefined;
  if (/^https?:\/\/./.test(url) && URL.canParse(url)) return url;
  throw new CredentialsError(`${entry.label}.proxy-url is no http or https address`);
}

function userIdentity(entry: Part) {
  // client-node would read `token-file` here, synchronously; kubeconfig's own name for it is `tokenFile`.
  const { "token-file": legacyTokenFile, ...fields } = entry.fields;
  const [user] = newUsers([{ ...entry.value, user: fields }]) as [User];
  const tokenFile = optionalText(fields["tokenFile"] ?? legacyTokenFile);
  return {
    cert: material(entry, "client-certificate", user.certData, user.certFile),
    key: material(entry, "client-key", user.keyData, user.keyFile),
    token: tokenFile ? { file: absolute(entry, tokenFile) } : user.token ? { text: user.token } : undefined,
    basic: user.username ? { username: user.username, password: user.password ?? "" } : undefined,
    exec: user.exec ? execPlugin(entry, user.exec) : undefined,
    authProvider: user.authProvider ? { name: String(user.authProvider.name), user } : undefined,
    impersonate: impersonation(entry, user),
  };
}

/** Groups and extras would need headers that occur several times; leaving them out would act as somebody else. */
function impersonation(entry: Part, user: User): string | undefined {
  for (const field of ["as-uid", "as-groups", "as-user-extra"]) {
    if (entry.fields[field] !== undefined) {
      throw new CredentialsError(`${entry.label}.${field} is not supported`);
    }
  }
  return optionalText(user.impersonateUser);
}

/** Data wins over a file, as in client-go. */
function material(
  entry: Part,
  field: string,
  data: string | undefined,
  file: string | undefined,
): Material | undefined {
  if (data) return { text: decode(entry, `${field}-data`, data) };
  return file ? { file: absolute(entry, file) } : undefined;
}

function decode(entry: Part, field: string, data: unknown): string {
  const compact = String(data).replace(/\s/g, "");
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) {
    throw new CredentialsError(`${entry.label}.${field} is no base64, or cut short`);
  }
  return Buffer.from(compact, "base64").toString("utf8");
}

function absolute(entry: Part, file: string): string {
  return isAbsolute(file) ? file : join(entry.directory, file);
}

function execPlugin(entry: Part, exec: Record<string, unknown>): ExecPlugin {
  const command = optionalText(exec["command"]);
  if (command === undefined) {
    throw new CredentialsError(`${entry.label}.exec.command is missing`);
  }
  const env = Array.isArray(exec["env"]) ? exec["env"].filter(isRecord) : [];
  return {
    apiVersion: optionalText(exec["apiVersion"]) ?? "client.authentication.k8s.io/v1",
    // A command with a slash is meant from the kubeconfig's folder, one without from PATH (client-go).
    command: command.includes("/") ? absolute(entry, command) : command,
    args: list(exec["args"]),
    env: Object.fromEntries(env.map(({ name, value }) => [String(name), String(value)])),
    installHint: optionalText(exec["installHint"]),
    provideClusterInfo: exec["provideClusterInfo"] === true,
  };
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
