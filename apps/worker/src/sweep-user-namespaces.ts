import { Failure, type IntentStore } from "@repl/contract";
import { type KubeClient, type KubeObject, refOf, subjectOf } from "@repl/kube";
import type { Log } from "@repl/ops";
import {
  type Attempt,
  applyUserNamespace,
  compareUserNamespaces,
  type FoundResource,
  listUserResources,
  type NamespaceFinding,
  type Patience,
  type Reach,
  type SecretsPlace,
  type Template,
  type UserHomes,
  userPlaces,
} from "@repl/provision";
import { removeOrphan } from "./remove-orphan.ts";
import { report } from "./report.ts";
import { shareOf, shuffled, someOf } from "./share-of-sweep.ts";

/** Longest wait of one write, as of a list of the sweep: the next one comes soon. */
const PATIENCE_MS = 10_000;
/**
 * Waits of that length after which a sweep leaves the rest of the repairs, and of the Secrets, to the next one: no other worker
 * sweeps meanwhile. It does not end at the first of them, which may be of one namespace whose webhook refuses for ever.
 */
const MOST_WAITS = 3;

/** What the namespaces of users are kept by. */
export interface UserNamespacesDeps {
  readonly template: Template;
  readonly prefix: string;
  readonly homes: UserHomes;
  readonly patience: Patience;
}

/** What the sweep of users' namespaces works with. */
export interface UserNamespacesSweepDeps {
  readonly intents: IntentStore;
  readonly client: KubeClient;
  readonly reach: Reach;
  readonly log: Log;
  /** Undefined where no user has one: then there is only to be seen whether what was left of them has gone. */
  readonly userNamespaces: UserNamespacesDeps | undefined;
}

type Kept = Record<NamespaceFinding["do"], number>;

/**
 * Puts right what differs in the namespaces of users from their template, and brings their Secrets up to date.
 * @param resources of repls, everywhere within reach
 */
export async function sweepUserNamespaces(
  deps: UserNamespacesSweepDeps,
  resources: readonly FoundResource[],
  signal: AbortSignal,
): Promise<Kept> {
  const { client } = deps;
  await forgetEmptyPrefixes(deps, resources);
  const kept: Kept = { restore: 0, delete: 0, report: 0 };
  if (deps.userNamespaces === undefined) return kept;

  const userNamespaces = { ...deps.userNamespaces, patience: inHaste(deps.userNamespaces.patience) };
  const found = await listUserResources(client, signal);
  // Those that are waited for in vain stand before the rest only by chance.
  const places = shuffled(userPlaces(found, userNamespaces.prefix));
  userNamespaces.homes.keepOnly(places);
  const findings = await compareUserNamespaces(places, found, userNamespaces.template);
  await whileTimeIsLeft(shareOf(findings), userNamespaces.patience, async (finding) => {
    const done = await act(finding, userNamespaces, deps, signal);
    if (done !== undefined) kept[done] += 1;
  });
  await refreshSecrets(places, userNamespaces, deps, signal);
  return kept;
}

function inHaste({ unavailableMs, goneMs }: Patience): Patience {
  return { unavailableMs: Math.min(unavailableMs, PATIENCE_MS), goneMs: Math.min(goneMs, PATIENCE_MS) };
}

/** Does the work for one after the other. */
async function whileTimeIsLeft<Item>(
  items: readonly Item[],
  { unavailableMs }: Patience,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const endsAt = performance.now() + MOST_WAITS * unavailableMs;
  for (const item of items) {
    if (performance.now() >= endsAt) return;
    await work(item);
  }
}

/** A prefix of an earlier setting is out of use once nothing of a repl is left below it. */
async function forgetEmptyPrefixes(
  { intents, userNamespaces, reach, log }: UserNamespacesSweepDeps,
  resources: readonly FoundResource[],
): Promise<void> {
  const own = userNamespaces?.prefix;
  // Again and again: a worker of an earlier setting may have found it out of use.
  if (own !== undefined) await intents.rememberNamespacePrefix(own);
  for (const prefix of await intents.namespacePrefixes()) {
    if (prefix === own || !reach.includes(prefix) || resources.some(({ namespace }) => namespace.startsWith(prefix)))
      continue;
    await intents.forgetNamespacePrefix(prefix);
    log.info({ prefix }, "no repl is left in namespaces with this prefix, which is not in use any more");
  }
}

/** What was done in the end: what cannot be done is for a person to see. Undefined where a start was faster. */
async function act(
  finding: NamespaceFinding,
  userNamespaces: UserNamespacesDeps,
  deps: UserNamespacesSweepDeps,
  signal: AbortSignal,
): Promise<NamespaceFinding["do"] | undefined> {
  const { log } = deps;
  if (finding.do === "delete") return removeOrphan(listed(finding.resource), finding.because, deps, signal);
  if (finding.do === "report") return report(finding.subject, finding.because, log);
  return restore(finding, userNamespaces, deps, signal);
}

async function restore(
  { manifest, because }: Extract<NamespaceFinding, { do: "restore" }>,
  { patience }: UserNamespacesDeps,
  { client, log }: UserNamespacesSweepDeps,
  signal: AbortSignal,
): Promise<"restore" | "report" | undefined> {
  const subject = subjectOf(refOf(manifest));
  try {
    const changes = await applyUserNamespace([manifest], client, sweepAttempt(signal), patience);
    // The lists are of different moments, and a start that makes the namespace may come between them.
    if (changes.every(({ action }) => action === "unchanged")) return undefined;
    log.warn({ subject, because }, "the sweep has put right what belongs to a user's namespace");
    return "restore";
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return report(subject, error.message, log);
  }
}

async function refreshSecrets(
  places: readonly SecretsPlace[],
  { homes, patience }: UserNamespacesDeps,
  { log }: UserNamespacesSweepDeps,
  signal: AbortSignal,
): Promise<void> {
  await whileTimeIsLeft(someOf(await homes.outdated(places)), patience, async (place) => {
    try {
      await homes.refreshSecrets(place, sweepAttempt(signal), patience.unavailableMs);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      report(`Namespace/${place.namespace}`, error.message, log);
    }
  });
}

/** The sweep holds no lease: what it writes is the same whoever writes it. */
function sweepAttempt(signal: AbortSignal): Attempt {
  return { signal, guard: async () => signal.throwIfAborted(), report: async () => {} };
}

function listed(resource: KubeObject) {
  const { uid = "", resourceVersion = "" } = resource.metadata;
  return { ...refOf(resource), uid, resourceVersion };
}
