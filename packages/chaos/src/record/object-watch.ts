import { Agent as HttpAgent, type IncomingMessage, request as plain } from "node:http";
import { Agent as HttpsAgent, request as secure } from "node:https";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { ResourceRead } from "@repl/checker";
import { waitFor } from "@repl/testkit";
import type { Target } from "../target/target.ts";
import { collectionOf, KINDS, type Kind, nameOf } from "./kinds.ts";

/** A resource as the API server tells it, as far as it is looked at. */
interface KubeObject extends ResourceRead {
  readonly metadata: ResourceRead["metadata"] & {
    readonly resourceVersion: string;
    readonly managedFields?: readonly { readonly manager?: string }[];
  };
}

/** What happened to a resource; `before` is what it was. */
export type OnObject = (change: "added" | "modified" | "deleted", object: KubeObject, before?: KubeObject) => void;

/** Watches of all kinds of the template, past every fault layer. */
export interface ObjectWatch {
  /** Resolves once everything has been told that the API server knows now; with a repl, of its own resources. */
  caughtUp(replId?: string): Promise<void>;
  close(): void;
}

/** Begins to watch a namespace; what is there already is told first. */
export async function watchObjects(target: Target, namespace: string, onObject: OnObject): Promise<ObjectWatch> {
  const ending = new AbortController();
  const watches = KINDS.map((kind) => new KindWatch({ target, namespace, kind, onObject, signal: ending.signal }));
  await Promise.all(watches.map((watch) => watch.begin()));
  return {
    caughtUp: async (replId) =>
      void (await Promise.all(
        watches.map((watch) => (replId === undefined ? watch.caughtUp() : watch.caughtUpOn(replId))),
      )),
    close: () => ending.abort(),
  };
}

interface KindWatchOptions {
  readonly target: Target;
  readonly namespace: string;
  readonly kind: Kind;
  readonly onObject: OnObject;
  readonly signal: AbortSignal;
}

interface WatchLine {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: KubeObject;
}

const PAUSE_MS = 100;

class KindWatch {
  readonly #options: KindWatchOptions;
  readonly #path: string;
  readonly #known = new Map<string, KubeObject>();
  #version = "";

  constructor(options: KindWatchOptions) {
    this.#options = options;
    this.#path = collectionOf(options.kind, options.namespace);
  }

  async begin(): Promise<void> {
    await this.#list();
    void this.#follow();
  }

  async caughtUp(): Promise<void> {
    const { items } = await this.#listed();
    const listed = new Set(items.map(({ metadata }) => metadata.uid));
    await this.#until(
      () =>
        items.every((item) => this.#isTold(item)) &&
        [...this.#known.keys()].every((uid) => listed.has(uid) || this.#isNewer(uid, items)),
    );
  }

  /** As above, of one resource alone: a look at everything for each job would be most of a long run's work. */
  async caughtUpOn(replId: string): Promise<unknown> {
    const { kind, target } = this.#options;
    const name = nameOf(kind, replId);
    const { status, body } = await target.api.request("GET", `${this.#path}/${name}`);
    if (status === 200) return this.#until(() => this.#isTold(body));
    if (status !== 404) throw new Error(`GET ${this.#path}/${name} answered ${status}`);
    const uid = this.#uids.get(name);
    return this.#until(() => uid === undefined || this.#gone.has(uid));
  }

  #until(isTold: () => boolean): Promise<unknown> {
    return waitFor(isTold, { what: `the watch of ${this.#path} to catch up`, timeoutMs: 60_000, intervalMs: 5 });
  }

  readonly #gone = new Set<string>();
  /** By name, of what was told last. */
  readonly #uids = new Map<string, string>();

  #isTold({ metadata: { uid, resourceVersion } }: KubeObject): boolean {
    const known = this.#known.get(uid)?.metadata.resourceVersion;
    return known === undefined ? this.#gone.has(uid) : Number(known) >= Number(resourceVersion);
  }

  /** Made after the list. */
  #isNewer(uid: string, items: readonly KubeObject[]): boolean {
    const newest = Math.max(0, ...items.map(({ metadata }) => Number(metadata.resourceVersion)), this.#listVersion);
    return Number(this.#known.get(uid)?.metadata.resourceVersion) > newest;
  }

  #listVersion = 0;

  async #listed(): Promise<{ items: KubeObject[]; version: string }> {
    const list = await this.#options.target.api.get(this.#path);
    this.#listVersion = Number(list.metadata.resourceVersion);
    const items = list.items.map((item: KubeObject) => ({ ...item, kind: this.#options.kind }));
    return { items, version: list.metadata.resourceVersion };
  }

  async #list(): Promise<void> {
    const { items, version } = await this.#listed();
    this.#version = version;
    const uids = new Set(items.map(({ metadata }) => metadata.uid));
    for (const [uid, object] of this.#known) if (!uids.has(uid)) this.#tell("DELETED", object);
    for (const item of items) {
      const known = this.#known.get(item.metadata.uid);
      if (known === undefined) this.#tell("ADDED", item);
      else if (known.metadata.resourceVersion !== item.metadata.resourceVersion) this.#tell("MODIFIED", item);
    }
  }

  async #follow(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      try {
        for await (const line of createInterface({ input: await this.#open() })) await this.#read(JSON.parse(line));
      } catch {
        // The API server is away, or the watch has ended in the middle of a line.
      }
      if (!signal.aborted) await delay(PAUSE_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #read({ type, object }: WatchLine): Promise<void> {
    if (type === "ERROR") return this.#list(); // 410: what happened since is no longer kept.
    this.#version = object.metadata.resourceVersion;
    if (type !== "BOOKMARK") this.#tell(type, { ...object, kind: this.#options.kind });
  }

  #tell(type: "ADDED" | "MODIFIED" | "DELETED", object: KubeObject): void {
    const { uid, name } = object.metadata;
    const before = this.#known.get(uid);
    this.#uids.set(name, uid);
    if (type === "DELETED") this.#known.delete(uid);
    else this.#known.set(uid, object);
    if (type === "DELETED") this.#gone.add(uid);
    this.#options.onObject(type === "ADDED" ? "added" : type === "MODIFIED" ? "modified" : "deleted", object, before);
  }

  #open(): Promise<IncomingMessage> {
    const { server, serverCa, token } = this.#options.target;
    const isSecure = serverCa !== undefined;
    const agent = isSecure ? new HttpsAgent({ ca: serverCa }) : new HttpAgent();
    const query = `watch=true&allowWatchBookmarks=true&resourceVersion=${this.#version}`;
    return new Promise((resolve, reject) => {
      const request = (isSecure ? secure : plain)(`${server}${this.#path}?${query}`, {
        agent,
        headers: { authorization: `Bearer ${token}` },
        signal: this.#options.signal,
      });
      request.on("response", (answer) => {
        answer.on("error", () => {});
        resolve(answer);
      });
      request.on("error", reject);
      request.end();
    });
  }
}
