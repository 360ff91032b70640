import type { KubeObject } from "@repl/kube";
import { at } from "../json.ts";

/** When what an event (core/v1) tells was last seen, as the cluster writes times; empty where it does not say. */
export function seenAt(event: KubeObject): string {
  return String(at(event, "lastTimestamp") ?? at(event, "eventTime") ?? event.metadata.creationTimestamp ?? "");
}
