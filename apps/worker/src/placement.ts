import type { IntentStore } from "@repl/contract";
import type { KubeClient } from "@repl/kube";
import type { Log } from "@repl/ops";
import {
  type Homes,
  type Patience,
  parseUserNamespace,
  type Reach,
  reachOf,
  sharedHome,
  type Template,
  type UserSecrets,
  userHomes,
} from "@repl/provision";
import { readTemplate } from "./read-template.ts";
import type { UserNamespacesDeps } from "./sweep-user-namespaces.ts";
import { openUserSecrets } from "./user-secrets.ts";

/** Where repls live and where they are looked for. */
export interface Placement {
  readonly homes: Homes;
  readonly reach: Reach;
  /** Undefined in the shared mode. */
  readonly userNamespaces: UserNamespacesDeps | undefined;
}

/** How users' namespaces are made, as the settings say. */
export interface UserNamespaceSettings {
  readonly prefix: string;
  readonly templatePath: string;
  readonly secretsPath: string | undefined;
}

/** The same with what the files say. */
export interface UserNamespaceFiles {
  readonly prefix: string;
  readonly template: Template;
  readonly secrets: () => Promise<UserSecrets>;
}

/**
 * Reads the files once, so that what is wrong with them ends the worker at its start.
 * @throws {UnusableTemplate | UnusableSecrets}
 */
export async function readUserNamespaceFiles(
  { prefix, templatePath, secretsPath }: UserNamespaceSettings,
  log: Log,
): Promise<UserNamespaceFiles> {
  return {
    prefix,
    template: await readTemplate("USER_NAMESPACE_TEMPLATE_PATH", templatePath, parseUserNamespace),
    secrets: await openUserSecrets(secretsPath, log),
  };
}

/**
 * Decides where repls live: with files each user's in a namespace of that user's own, else all in one.
 * Redis remembers each prefix that was ever in use, so that repls which were started before the setting was changed are
 * still found; while there is one, the whole cluster is watched.
 */
export async function openPlacement(
  namespace: string,
  files: UserNamespaceFiles | undefined,
  { client, intents, patience }: { client: KubeClient; intents: IntentStore; patience: Patience },
): Promise<Placement> {
  if (files !== undefined) await intents.rememberNamespacePrefix(files.prefix);
  const reach = reachOf(namespace, await intents.namespacePrefixes());
  if (files === undefined) return { homes: sharedHome(namespace), reach, userNamespaces: undefined };
  const homes = userHomes({ ...files, client, patience });
  return { homes, reach, userNamespaces: { template: files.template, prefix: files.prefix, homes, patience } };
}
