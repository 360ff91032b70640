import { isDeepStrictEqual } from "node:util";
import type { Cause } from "../errors/api-error.ts";
import { immutable, invalidValue, required } from "../errors/causes.ts";
import { asFields, asList, type Fields, isEmpty, type KubeObject } from "../objects/object.ts";
import { matchesSelector } from "../select/object-selector.ts";
import { ensureFields, orDefault } from "./kind.ts";
import { checkLabels } from "./names.ts";
import { templateDefaults } from "./pod-defaults.ts";
import { checkPodSpec } from "./pod-validation.ts";

/** What Deployment, ReplicaSet and StatefulSet share. */

export function workloadDefaults(draft: KubeObject): Fields {
  const spec = ensureFields(draft, "spec");
  orDefault(spec, "replicas", 1);
  templateDefaults(spec);
  orDefault(draft, "status", {});
  return spec;
}

function checkReplicas(spec: Fields): readonly Cause[] {
  const replicas = Number(spec["replicas"]);
  return replicas >= 0 ? [] : [invalidValue("spec.replicas", replicas, "must be greater than or equal to 0")];
}

function checkSelector(spec: Fields, labels: unknown): readonly Cause[] {
  const selector = asFields(spec["selector"]);
  const causes: Cause[] = [];
  if (spec["selector"] === undefined) causes.push(required("spec.selector"));
  else if (isEmpty(asFields(selector["matchLabels"])) && asList(selector["matchExpressions"]).length === 0)
    causes.push(invalidValue("spec.selector", selector, "empty selector is invalid for deployment"));
  if (spec["selector"] === undefined || !matchesSelector(selector, asFields(labels)))
    causes.push(
      invalidValue("spec.template.metadata.labels", labels ?? null, "`selector` does not match template `labels`"),
    );
  return causes;
}

/** Replicas, selector and template. */
export function checkWorkload(object: KubeObject): readonly Cause[] {
  const spec = asFields(object.spec);
  const template = asFields(spec["template"]);
  const labels = asFields(template["metadata"])["labels"];
  return [
    ...checkReplicas(spec),
    ...checkSelector(spec, labels),
    ...checkLabels("spec.template.labels", labels as Record<string, string> | undefined),
    ...checkPodSpec("spec.template.spec", asFields(template["spec"]), ["Always"]),
  ];
}

/** `spec.selector` may never change. */
export function checkSelectorKept(next: KubeObject, current: KubeObject): readonly Cause[] {
  const selector = asFields(next.spec)["selector"];
  const before = asFields(current.spec)["selector"];
  return isDeepStrictEqual(selector, before) ? [] : [immutable("spec.selector", selector)];
}
