import { at, isObject, listAt } from "../json.ts";
import { KIND_RULES } from "../kinds.ts";
import { PLACEHOLDER } from "../render/placeholder.ts";
import { checkPodReferences, namesOf } from "./check-pod-references.ts";
import type { Path, TemplateDocument } from "./document.ts";
import { isOwn, textsOf } from "./patterns.ts";
import type { TemplateProblem } from "./template-error.ts";

/**
 * What names something of the repl that the template does not make: a policy for pods that are not there protects
 * nothing, and the backend that one repl lacks may be another's.
 * @param workload the template's only one; its pods are not looked for where there are several
 */
export function checkReferences(
  documents: readonly TemplateDocument[],
  workload: TemplateDocument | undefined,
): TemplateProblem[] {
  const ofPods =
    workload === undefined
      ? []
      : [
          ...documents.flatMap((document) => checkSelector(document, workload)),
          ...checkPodReferences(documents, workload),
        ];
  return [...ofPods, ...checkBackends(documents)];
}

function checkSelector({ tree, problem }: TemplateDocument, workload: TemplateDocument): TemplateProblem[] {
  const place = KIND_RULES[String(tree.kind)]?.selector;
  if (place === undefined) return [];
  const selector = at(tree, ...place);
  // Another one is refused by itself (check.ts).
  if (!isObject(selector) || !textsOf(selector).some(isOwn)) return [];
  return Object.entries(selector)
    .filter(([key, value]) => typeof value === "string" && !carries(workload, key, value))
    .map(([key, value]) =>
      problem([...place, key], `${key}: ${String(value)} is no label of the pods, so it would select none of them`),
    );
}

/** Whether the workload's pods have a label, by the template or by their controller. */
function carries({ tree }: TemplateDocument, key: string, value: string): boolean {
  const { podTemplate = [] } = KIND_RULES[String(tree.kind)] ?? {};
  if (at(tree, ...podTemplate, "metadata", "labels", key) === value) return true;
  return ADDED[String(tree.kind)]?.[key]?.(value, String(at(tree, "metadata", "name"))) === true;
}

type IsAdded = (value: string, workload: string) => boolean;
const isName: IsAdded = (value, workload) => value === workload;
const isNameOfPod: IsAdded = (value, workload) => value.replace(/-\d+$/, "") === workload;
/** Of a value that no template can know. */
const isAny: IsAdded = () => true;

/** Labels that controllers add to pods: https://kubernetes.io/docs/reference/labels-annotations-taints/ */
const ADDED: Readonly<Record<string, Readonly<Record<string, IsAdded>>>> = {
  Job: {
    "job-name": isName,
    "batch.kubernetes.io/job-name": isName,
    "controller-uid": isAny,
    "batch.kubernetes.io/controller-uid": isAny,
  },
  StatefulSet: {
    "statefulset.kubernetes.io/pod-name": isNameOfPod,
    "apps.kubernetes.io/pod-index": isAny,
  },
};

function checkBackends(documents: readonly TemplateDocument[]): TemplateProblem[] {
  const services = namesOf(documents, "Service");
  return documents.flatMap(({ tree, problem }) =>
    backendsOf(tree)
      .filter(({ name }) => typeof name === "string" && name.includes(PLACEHOLDER) && !services.includes(name))
      .map(({ path, name }) =>
        problem(path, `the backend ${String(name)} is none of the template's Services, and can be another repl's`),
      ),
  );
}

/** The name of a Service that a route leads to, and where it stands. */
interface Backend {
  readonly path: Path;
  readonly name: unknown;
}

function backendsOf(tree: TemplateDocument["tree"]): Backend[] {
  const rules = listAt(tree, "spec", "rules");
  if (tree.kind === "Ingress") return rules.flatMap((rule, index) => ofIngress(rule, ["spec", "rules", index]));
  if (tree.kind !== "HTTPRoute") return [];
  return rules.flatMap((rule, index) => [
    ...ofFilters(rule, ["spec", "rules", index]),
    ...listAt(rule, "backendRefs").flatMap((backend, place) => {
      const path = ["spec", "rules", index, "backendRefs", place];
      return [...ofReference(backend, path), ...ofFilters(backend, path)];
    }),
  ]);
}

function ofIngress(rule: unknown, place: Path): Backend[] {
  return listAt(rule, "http", "paths").map((path, index) => ({
    path: [...place, "http", "paths", index, "backend", "service", "name"],
    name: at(path, "backend", "service", "name"),
  }));
}

/** A mirror sends requests as a backend gets them. */
function ofFilters(holder: unknown, place: Path): Backend[] {
  return listAt(holder, "filters").flatMap((filter, index) =>
    ofReference(at(filter, "requestMirror", "backendRef"), [...place, "filters", index, "requestMirror", "backendRef"]),
  );
}

/** Without a kind it is a Service. */
function ofReference(reference: unknown, path: Path): Backend[] {
  const kind = at(reference, "kind") ?? "Service";
  return kind === "Service" ? [{ path: [...path, "name"], name: at(reference, "name") }] : [];
}
