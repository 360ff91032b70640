import { readFile } from "node:fs/promises";
import { parseTemplate, render } from "@repl/provision";
import { TEMPLATE } from "../provisioning/measured-workers.ts";
import type { RunningStub } from "../stub/start-stub.ts";
import { userOf } from "./finished-starts.ts";

/** Repls at a time. */
const PARALLEL = 30;

const COLLECTIONS: Readonly<Record<string, string>> = {
  Deployment: "/apis/apps/v1/namespaces/default/deployments",
  Service: "/api/v1/namespaces/default/services",
  Ingress: "/apis/networking.k8s.io/v1/namespaces/default/ingresses",
};

/** Creates the running repls `full-<from>` and on in a stub as a worker would. @returns the paths of their pods */
export async function fill({ api }: RunningStub, count: number, from = 0): Promise<readonly string[]> {
  const template = parseTemplate(await readFile(TEMPLATE, "utf8"));
  const create = async (number: number): Promise<string> => {
    const replId = `full-${number}`;
    for (const manifest of render(template, { replId, userId: userOf(number), generation: 1 }, "default")) {
      const { status } = await api.request("POST", COLLECTIONS[manifest.kind] ?? "", manifest);
      if (status !== 201) throw new Error(`${manifest.kind} of ${replId} was not created: ${status}`);
    }
    return `/api/v1/namespaces/default/pods/${replId}-5d8f7c9b6d-x2x7k`;
  };
  const paths: string[] = [];
  for (let number = from; number < from + count; number += PARALLEL) {
    const batch = Math.min(PARALLEL, from + count - number);
    paths.push(...(await Promise.all(Array.from({ length: batch }, (_, index) => create(number + index)))));
  }
  return paths;
}
