import { KINDS } from "../../src/kinds.ts";
import { createReflector } from "../../src/watch/reflector.ts";
import type { ReflectorOptions } from "../../src/watch/reflector-types.ts";
import { type ApiServer, answer, type Response, type Script, status } from "./api-server.ts";
import { after, clientFor, serve } from "./cleanup.ts";
import { eventually } from "./wait.ts";

/** The pods of a scripted server, and the watches that are open on them. */
export interface ScriptedCluster {
  server: ApiServer;
  pods: Map<string, Pod>;
  watches: Response[];
  lists: URLSearchParams[];
  watched: URLSearchParams[];
  version: number;
  /** Replaces the answer to LIST or WATCH; undefined: the usual one. */
  onList: Script | undefined;
  onWatch: Script | undefined;
  /** Changes the state and tells every open watch. */
  put(name: string, uid?: string): void;
  remove(name: string): void;
  /** Changes the state and tells nobody. */
  silently(change: () => void): void;
  send(event: unknown): void;
  watchOpened(count: number): Promise<void>;
}

interface Pod {
  kind: "Pod";
  apiVersion: "v1";
  metadata: { name: string; namespace: string; uid: string; resourceVersion: string; labels: Record<string, string> };
}

export async function scriptedCluster(options: Parameters<typeof serve>[1] = {}): Promise<ScriptedCluster> {
  let silent = false;
  const server = await serve((request, response) => {
    const query = new URL(request.url ?? "", "http://x").searchParams;
    if (query.get("watch") === "true") watch(request, response, query);
    else list(request, response, query);
  }, options);

  const list = (request: Parameters<Script>[0], response: Response, query: URLSearchParams) => {
    cluster.lists.push(query);
    if (cluster.onList) return cluster.onList(request, response);
    answer(response, 200, {
      kind: "PodList",
      metadata: { resourceVersion: String(cluster.version) },
      items: [...cluster.pods.values()],
    });
  };
  const watch = (request: Parameters<Script>[0], response: Response, query: URLSearchParams) => {
    cluster.watched.push(query);
    if (cluster.onWatch) return cluster.onWatch(request, response);
    response.writeHead(200, { "content-type": "application/json" });
    // A server sends its headers at once; Node's does with the first byte, and an empty line is no event.
    response.write("\n");
    cluster.watches.push(response);
    response.once("close", () => cluster.watches.splice(cluster.watches.indexOf(response), 1));
  };

  const cluster: ScriptedCluster = {
    server,
    pods: new Map(),
    watches: [],
    lists: [],
    watched: [],
    version: 10,
    onList: undefined,
    onWatch: undefined,
    put(name, uid = `uid-${name}`) {
      const type = cluster.pods.get(name)?.metadata.uid === uid ? "MODIFIED" : "ADDED";
      const pod = podOf(name, uid, ++cluster.version);
      cluster.pods.set(name, pod);
      if (!silent) cluster.send({ type, object: pod });
    },
    remove(name) {
      const pod = cluster.pods.get(name) as Pod;
      cluster.pods.delete(name);
      const resourceVersion = String(++cluster.version);
      if (!silent)
        cluster.send({ type: "DELETED", object: { ...pod, metadata: { ...pod.metadata, resourceVersion } } });
    },
    silently(change) {
      silent = true;
      change();
      silent = false;
    },
    send(event) {
      const line = typeof event === "string" ? event : JSON.stringify(event);
      for (const response of cluster.watches) response.write(`${line}\n`);
    },
    watchOpened: (count) => eventually(() => cluster.watched.length >= count, `watch ${count} was opened`),
  };
  return cluster;
}

function podOf(name: string, uid: string, version: number): Pod {
  const labels = { repl: name.split("-")[0] ?? name };
  return {
    kind: "Pod",
    apiVersion: "v1",
    metadata: { name, namespace: "n", uid, resourceVersion: String(version), labels },
  };
}

/** What the tests keep of a pod. */
export interface Kept {
  name: string;
  version: string;
}

/** A started reflector over a scripted cluster, with all it announced; goes with the test. */
export function reflect(
  cluster: ScriptedCluster,
  options: Partial<ReflectorOptions<Kept>> = {},
  via: Pick<ApiServer, "url" | "authority"> = cluster.server,
) {
  const changes: string[] = [];
  const errors: { error: Error; delayMs: number }[] = [];
  const client = clientFor(via);
  const reflector = createReflector<Kept>({
    client,
    kind: KINDS.Pod,
    labelSelector: "app=x",
    keep: ({ metadata }) => ({ name: metadata.name, version: metadata.resourceVersion ?? "" }),
    indexBy: ({ metadata }) => metadata.labels?.["repl"],
    onError: (error, delayMs) => errors.push({ error: error as Error, delayMs }),
    random: () => 0,
    ...options,
  });
  reflector.subscribe(({ type, object, uid }) => changes.push(`${type} ${object.name} ${uid}`));
  after(() => reflector.stop());
  reflector.start();
  return { reflector, changes, errors, client };
}

export const expired = status(410, "Expired", "too old resource version: 10 (300)");
