import { listResources, waitFor } from "@repl/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type System, startSystem } from "../support/system.ts";
import { TARGETS, type Target } from "../support/targets.ts";
import { follow, tookMs } from "./support/jobs.ts";
import { pathsOf } from "./support/resources.ts";

type Kind = keyof ReturnType<typeof pathsOf>;

const labels = { app: "somebody-else" };
const container = { name: "main", image: "somebody/else:1" };
const backend = { service: { name: "other", port: { number: 80 } } };

/** What somebody else made: nothing of it says that it is ours. A Deployment without pods comes to rest. */
const FOREIGN: Record<Kind, { apiVersion: string; spec: unknown }> = {
  Deployment: {
    apiVersion: "apps/v1",
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  },
  Service: { apiVersion: "v1", spec: { selector: labels, ports: [{ port: 80 }] } },
  Ingress: { apiVersion: "networking.k8s.io/v1", spec: { defaultBackend: backend } },
};

describe.each(TARGETS)("on the $name", ({ missing, open }) => {
  describe.skipIf(missing())("a resource that somebody else made", () => {
    let target: Target;
    let system: System;

    beforeAll(async () => {
      target = await open();
      system = await startSystem(target);
    });
    afterAll(async () => {
      await system?.[Symbol.asyncDispose]();
      await target?.[Symbol.asyncDispose]();
    });

    const make = async (kind: Kind, replId: string) => {
      const path = pathsOf(system.namespace, replId)[kind];
      const collection = path.slice(0, path.lastIndexOf("/"));
      const metadata = { name: path.slice(collection.length + 1), labels };
      const answer = await target.api.request("POST", collection, { kind, metadata, ...FOREIGN[kind] });
      expect(answer.status).toBe(201);
      return waitFor(
        async () => {
          const live = await target.api.get(path);
          return kind !== "Deployment" || live.status?.observedGeneration === live.metadata.generation
            ? live
            : undefined;
        },
        { what: `the foreign ${kind} to come to rest` },
      );
    };

    test.each(Object.keys(FOREIGN) as Kind[])(
      "%s: the start fails at once, it stays as it is, nothing of ours stays",
      async (kind) => {
        const replId = `taken-${kind.toLowerCase()}`;
        const path = pathsOf(system.namespace, replId)[kind];
        const before = await make(kind, replId);
        const status = await follow(system, await system.submit("start", replId));
        expect(status).toMatchObject({
          state: "failed",
          attempts: { made: 1 },
          error: {
            code: "resource_conflict",
            retryable: false,
            details: { subject: `${kind}/${system.namespace}/${before.metadata.name}` },
          },
        });
        expect(status.message).toContain(
          `${kind}/${system.namespace}/${before.metadata.name} was not made by this service for this repl.`,
        );
        expect(tookMs(status)).toBeLessThan(5_000);
        expect(await target.api.get(path)).toEqual(before);
        const left = await listResources(target.api, system.namespace);
        // Its own ReplicaSet is part of a Deployment.
        expect(left.filter((subject) => !subject.startsWith("ReplicaSet/"))).toEqual([
          `${kind}/${before.metadata.name}`,
        ]);
        await target.api.request("DELETE", path);
      },
    );
  });
});
