import { createObject } from "../api/create.ts";
import { ApiError } from "../errors/api-error.ts";
import { pods } from "../kinds/pod.ts";
import type { PodStatus, PodTemplate } from "../kinds/pod-types.ts";
import { cloneJson } from "../objects/clone.ts";
import type { KubeObject } from "../objects/object.ts";
import type { ControllerContext } from "./controller.ts";
import { ownedBy } from "./owned.ts";

/** Neither ended nor being deleted. */
export const isActive = (pod: KubeObject): boolean =>
  pod.metadata.deletionTimestamp === undefined && !["Succeeded", "Failed"].includes((pod.status as PodStatus).phase);

/** The pod a template makes, as the given owner's. */
export const podFrom = (
  owner: KubeObject,
  ownerKind: Parameters<typeof ownedBy>[0],
  template: PodTemplate,
  name: { readonly name: string } | { readonly generateName: string },
): KubeObject =>
  cloneJson({
    kind: "Pod",
    apiVersion: "v1",
    metadata: {
      ...template.metadata,
      ...name,
      namespace: owner.metadata.namespace ?? "",
      ownerReferences: [ownedBy(ownerKind, owner)],
    } as unknown as KubeObject["metadata"],
    spec: template.spec,
  });

/** How long after a refused pod its controller tries again. */
export const RETRY_MS = 1000;

/** Makes so many pods of an owner, with an event for each; answers with the refusal that stopped it. */
export function growPods(
  { cluster, events }: ControllerContext,
  ownerKind: Parameters<typeof podFrom>[1],
  component: string,
): (owner: KubeObject, template: PodTemplate, count: number) => string | undefined {
  return (owner, template, count) => {
    const from = { generateName: `${owner.metadata.name}-` };
    try {
      for (let made = 0; made < count; made += 1) {
        const pod = createObject(cluster, pods, podFrom(owner, ownerKind, template, from));
        const message = `Created pod: ${pod.metadata.name}`;
        events.record(owner, { type: "Normal", reason: "SuccessfulCreate", message, component });
      }
      return undefined;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const message = `Error creating: ${error.message}`;
      events.record(owner, { type: "Warning", reason: "FailedCreate", message, component });
      return error.message;
    }
  };
}
