import type { KubeObject } from "@repl/kube";
import { completedPolicy } from "./completed-policy.ts";
import type { JsonObject } from "./json.ts";

/** When a manifest is created and what deletes its resource. See {@link KindRule.wave}. */
export type Wave = "namespace" | "before" | "workload" | "after";

/** The two templates: of a repl, and of a user's namespace. */
export type TemplateName = "repl" | "user-namespace";

/** What this service knows of a kind that a template may contain. Adding a kind is adding a row. */
export interface KindRule {
  readonly apiVersion: string;
  /** Which templates may contain it. */
  readonly templates: readonly TemplateName[];
  /**
   * `namespace`: holds all the others; created before them and never deleted. `before`: what pods need to start;
   * created first and deleted by name. `workload`: runs the pods and owns what comes after it. `after`: created last,
   * with an owner reference to the workload, so that it dies with it.
   */
  readonly wave: Wave;
  /**
   * What happens to a resource of ours that differs from its manifest. `update`: replaced in place. `recreate`:
   * deleted, waited for, created. An update that the server refuses as immutable falls back to `recreate`
   * where `recreatable`.
   */
  readonly onDifference: "update" | "recreate" | "keep";
  readonly recreatable: boolean;
  /** Why, for whoever changes this table. */
  readonly reason: string;
  /** Fields below `spec` that the cluster chose and a replacement must repeat. */
  readonly chosenByCluster: readonly string[];
  /**
   * The `spec` as the server completes it. Where this is known, what somebody added to it is a difference as well;
   * elsewhere it may be a default of the server's.
   */
  readonly completed?: (spec: JsonObject) => JsonObject;
  /** Where its pods are described. */
  readonly podTemplate: readonly string[];
  /** Where it says which pods it is for, if it does; must hold the placeholder, or it would be for those of other repls. */
  readonly selector?: readonly string[];
}

const rule = (row: Partial<KindRule> & Pick<KindRule, "apiVersion" | "wave" | "reason">): KindRule => ({
  templates: ["repl"],
  onDifference: "update",
  recreatable: true,
  chosenByCluster: [],
  podTemplate: [],
  ...row,
});

const EVERY_TEMPLATE: readonly TemplateName[] = ["repl", "user-namespace"];

/** Every kind a template may contain. */
export const KIND_RULES: Readonly<Record<string, KindRule>> = {
  Namespace: rule({
    apiVersion: "v1",
    templates: ["user-namespace"],
    wave: "namespace",
    recreatable: false,
    reason: "Deleting it deletes all that it holds, users' files included.",
  }),
  ResourceQuota: rule({
    apiVersion: "v1",
    templates: ["user-namespace"],
    wave: "before",
    completed: (spec) => spec,
    reason: "Has to count the first pod. Its scopes are immutable, and one more of them makes it count less.",
  }),
  LimitRange: rule({
    apiVersion: "v1",
    templates: ["user-namespace"],
    wave: "before",
    reason: "Has to hold for the first pod; the server completes its defaults from its limits.",
  }),
  ServiceAccount: rule({
    apiVersion: "v1",
    wave: "before",
    reason: "Pods that name it are refused until it exists.",
  }),
  ConfigMap: rule({
    apiVersion: "v1",
    templates: EVERY_TEMPLATE,
    wave: "before",
    reason: "Containers that read it wait for it; an immutable one can only be replaced whole.",
  }),
  Secret: rule({
    apiVersion: "v1",
    wave: "before",
    reason: "As a ConfigMap; its type is immutable.",
  }),
  PersistentVolumeClaim: rule({
    apiVersion: "v1",
    wave: "before",
    onDifference: "keep",
    recreatable: false,
    reason: "Holds the user's files: a replacement would lose them, and a bound claim's spec is all but immutable.",
  }),
  NetworkPolicy: rule({
    apiVersion: "networking.k8s.io/v1",
    templates: EVERY_TEMPLATE,
    wave: "before",
    selector: ["spec", "podSelector", "matchLabels"],
    completed: completedPolicy,
    reason: "Has to hold before the first packet of the workspace. One more rule or exception opens a way.",
  }),
  Deployment: rule({
    apiVersion: "apps/v1",
    wave: "workload",
    podTemplate: ["spec", "template"],
    selector: ["spec", "selector", "matchLabels"],
    reason: "Its selector is immutable, so a changed one means a new Deployment.",
  }),
  StatefulSet: rule({
    apiVersion: "apps/v1",
    wave: "workload",
    podTemplate: ["spec", "template"],
    selector: ["spec", "selector", "matchLabels"],
    reason: "Most of its spec is immutable, and a pod that is not ready stays; its claims survive a new StatefulSet.",
  }),
  Job: rule({
    apiVersion: "batch/v1",
    wave: "workload",
    podTemplate: ["spec", "template"],
    onDifference: "recreate",
    reason: "Its pod template is immutable, and one that ended does not run again.",
  }),
  Service: rule({
    apiVersion: "v1",
    wave: "after",
    selector: ["spec", "selector"],
    chosenByCluster: ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"],
    reason: "A replacement without its cluster IP is refused as immutable.",
  }),
  Ingress: rule({
    apiVersion: "networking.k8s.io/v1",
    wave: "after",
    reason: "Everything below spec may change.",
  }),
  HTTPRoute: rule({
    apiVersion: "gateway.networking.k8s.io/v1",
    wave: "after",
    reason: "Everything below spec may change. Only where the cluster serves the Gateway API.",
  }),
};

/** The kinds that a template of that name may contain. */
export function kindsOf(name: TemplateName): string[] {
  return Object.keys(KIND_RULES).filter((kind) => KIND_RULES[kind]?.templates.includes(name));
}

/** The rule of a manifest's kind. Templates are checked at start, so a missing row is a programming error. */
export function ruleOf({ kind }: Pick<KubeObject, "kind">): KindRule {
  const found = Object.hasOwn(KIND_RULES, kind) ? KIND_RULES[kind] : undefined;
  if (found === undefined) throw new TypeError(`kind ${kind} has no rule`);
  return found;
}

/** Whether a resource of that kind stays when its repl is stopped, and is no part of a repl that runs: a user's files. */
export function outlivesItsRepl(object: Pick<KubeObject, "kind">): boolean {
  return ruleOf(object).onDifference === "keep";
}
