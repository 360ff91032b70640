import { type KubeObject, shortened } from "@repl/kube";
import { at, listAt } from "../json.ts";

/** Why a node (core/v1) runs no pods now, as the end of a sentence; undefined where it is ready. */
export function nodeTrouble(node: KubeObject): string | undefined {
  const ready = listAt(node.status, "conditions").find((condition) => at(condition, "type") === "Ready");
  if (at(ready, "status") === "True") return undefined;
  const message = at(ready, "message");
  return `is not ready${typeof message === "string" && message !== "" ? `: ${shortened(message).replace(/\.?$/, ".")}` : "."}`;
}
