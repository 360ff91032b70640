import { Failure } from "@repl/contract";
import { KINDS, type KubeClient } from "@repl/kube";
import type { Patience } from "../apply/apply-manifest.ts";
import { applyUserNamespace } from "../apply/apply-user-namespace.ts";
import { retryOptions } from "../apply/retry-options.ts";
import { find } from "../apply/wait-until-gone.ts";
import type { Attempt } from "../attempt.ts";
import { explain } from "../explain.ts";
import { userLabel, userNamespace } from "../labels.ts";
import { renderUserNamespace } from "../render/render-user-namespace.ts";
import type { Template } from "../template/parse.ts";
import type { Homes } from "./homes.ts";
import { type SecretsPlace, type UserSecrets, writeSecrets } from "./user-secrets.ts";

/** What namespaces of users are made from. */
export interface UserHomesOptions {
  readonly template: Template;
  /** Begins the name of each. */
  readonly prefix: string;
  readonly client: KubeClient;
  readonly patience: Patience;
  /** The Secrets of each namespace as they are now. */
  readonly secrets: () => Promise<UserSecrets>;
}

/** A namespace for each user. */
export interface UserHomes extends Homes {
  /** Forgets namespaces that are not among these: somebody deleted them, or took their labels away. */
  keepOnly(places: readonly SecretsPlace[]): void;
  /** Those of the namespaces into which this process has not written the Secrets as they are now. */
  outdated(places: readonly SecretsPlace[]): Promise<SecretsPlace[]>;
  /**
   * Writes the Secrets of a namespace, unless this process has written these very ones.
   * @param unavailableMs longest wait for an API server that does not answer
   */
  refreshSecrets(place: SecretsPlace, attempt: Attempt, unavailableMs: number): Promise<void>;
}

/** Namespaces that a process remembers, some 400 bytes each; the oldest is forgotten, and costs some calls again. */
const MOST_REMEMBERED = 50_000;
/** How often work is done again because its namespace went away. */
const MOST_TRIES = 3;
const LOST = new Set(["namespace_missing", "namespace_terminating"]);

/** A place before it is known whether it is there. */
type Home = Omit<SecretsPlace, "uid">;

/**
 * Homes that are made when they are first needed. Of one that this process has seen complete it reads the Namespace alone:
 * no write says which of two namesakes it met, and of a second one there may be no more than the Namespace, where its
 * maker died. One that is made between that look and the work is for the sweep to complete.
 */
export function userHomes({ template, prefix, client, patience, secrets }: UserHomesOptions): UserHomes {
  /** Uids of Namespaces by their names. */
  const complete = memory<string>();
  /** The same with the version of the Secrets that were written. */
  const written = memory<string>();

  const isOutdated = ({ namespace, uid }: SecretsPlace, { version, secrets: wanted }: UserSecrets): boolean =>
    wanted.length > 0 && written.get(namespace) !== `${uid} ${version}`;

  const refreshSecrets = async (place: SecretsPlace, attempt: Attempt, unavailableMs: number): Promise<void> => {
    const wanted = await secrets();
    if (!isOutdated(place, wanted)) return;
    await writeSecrets(wanted, place, client, attempt, unavailableMs);
    written.set(place.namespace, `${place.uid} ${wanted.version}`);
  };

  const isComplete = async (namespace: string, uid: string, attempt: Attempt): Promise<boolean> => {
    const ref = { ...KINDS.Namespace, name: namespace };
    try {
      const live = await find(client, ref, retryOptions(attempt, patience.unavailableMs));
      return live?.metadata.uid === uid;
    } catch (error) {
      throw explain(error);
    }
  };

  /** The uid of what was made, or was there. */
  const makeComplete = async ({ namespace, user }: Home, attempt: Attempt): Promise<string> => {
    const manifests = renderUserNamespace(template, namespace, user);
    const changes = await applyUserNamespace(manifests, client, attempt, patience);
    const uid = changes.find(({ object }) => object.kind === "Namespace")?.object.metadata.uid ?? "";
    complete.set(namespace, uid);
    return uid;
  };

  const ensure = async (home: Home, attempt: Attempt): Promise<void> => {
    const seen = complete.get(home.namespace);
    const holds = seen !== undefined && (await isComplete(home.namespace, seen, attempt));
    const uid = holds ? seen : await makeComplete(home, attempt);
    await refreshSecrets({ ...home, uid }, attempt, patience.unavailableMs);
  };

  const forget = ({ namespace }: Home): void => {
    complete.forget(namespace);
    written.forget(namespace);
  };

  return {
    namespaceOf: (userId) => userNamespace(userId, prefix),
    keepOnly(places) {
      const names = new Set(places.map(({ namespace }) => namespace));
      complete.keepOnly(names);
      written.keepOnly(names);
    },
    async outdated(places) {
      const wanted = await secrets();
      return places.filter((place) => isOutdated(place, wanted));
    },
    refreshSecrets,
    async within(userId, attempt, work) {
      const home = { namespace: userNamespace(userId, prefix), user: userLabel(userId) };
      for (let tries = 1; ; tries++) {
        try {
          await ensure(home, attempt);
          return await work();
        } catch (error) {
          if (!(error instanceof Failure && LOST.has(error.code))) throw error;
          forget(home);
          if (tries === MOST_TRIES) throw error;
        }
      }
    },
  };
}

function memory<Value>() {
  const values = new Map<string, Value>();
  return {
    get: (key: string) => values.get(key),
    forget: (key: string) => values.delete(key),
    keepOnly(keys: ReadonlySet<string>) {
      for (const key of values.keys()) if (!keys.has(key)) values.delete(key);
    },
    set(key: string, value: Value) {
      values.delete(key);
      values.set(key, value);
      const [oldest] = values.keys();
      if (values.size > MOST_REMEMBERED && oldest !== undefined) values.delete(oldest);
    },
  };
}
