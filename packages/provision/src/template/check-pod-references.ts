import { at } from "../json.ts";
import { KIND_RULES } from "../kinds.ts";
import { PLACEHOLDER } from "../render/placeholder.ts";
import { placesOf } from "./check-places.ts";
import type { Path, TemplateDocument } from "./document.ts";
import { mayCoincide } from "./patterns.ts";
import type { TemplateProblem } from "./template-error.ts";

/** What pods read or mount by its name. */
interface Reference {
  readonly path: Path;
  readonly kind: string;
  readonly name: unknown;
}

/** Fields of a pod that are a name. */
const BY_NAME: Readonly<Record<string, string>> = { claimName: "PersistentVolumeClaim", secretName: "Secret" };
/** Fields of a pod that hold a name, or objects that do. */
const HOLDING: Readonly<Record<string, string>> = {
  configMap: "ConfigMap",
  configMapRef: "ConfigMap",
  configMapKeyRef: "ConfigMap",
  secretRef: "Secret",
  secretKeyRef: "Secret",
  imagePullSecrets: "Secret",
};

/**
 * What the pods of one repl would read of another's: with the claim `service_name` a claimName `service_name-data` of the repl
 * `a` is the claim of `a-data`. A name that no resource of the template can have is somebody's own, made by hand.
 */
export function checkPodReferences(
  documents: readonly TemplateDocument[],
  { tree, problem }: TemplateDocument,
): TemplateProblem[] {
  const { podTemplate = [] } = KIND_RULES[String(tree.kind)] ?? {};
  return referencesOf(tree, podTemplate).flatMap(({ path, kind, name }) => {
    if (typeof name !== "string" || !name.includes(PLACEHOLDER)) return [];
    const made = namesOf(documents, kind);
    const other = made.find((one) => mayCoincide(one.split("."), name.split(".")));
    if (made.includes(name) || other === undefined) return [];
    return [problem(path, `the ${kind} ${name} is none of the template's, and can be another repl's ${other}`)];
  });
}

/** The names of the template's resources of a kind. */
export function namesOf(documents: readonly TemplateDocument[], kind: string): string[] {
  const names = documents.filter(({ tree }) => tree.kind === kind).map(({ tree }) => at(tree, "metadata", "name"));
  return names.filter((name) => typeof name === "string");
}

function referencesOf(tree: TemplateDocument["tree"], podTemplate: readonly string[]): Reference[] {
  const inPods = podTemplate.join(".");
  return placesOf(tree)
    .filter(({ path }) => path.join(".").startsWith(`${inPods}.spec.`))
    .flatMap(({ path, key = "", value }): Reference[] => {
      const [named, holding] = [BY_NAME[key], HOLDING[key]];
      if (named !== undefined) return [{ path, kind: named, name: value }];
      return holding === undefined ? [] : namesIn(path, value).map((reference) => ({ ...reference, kind: holding }));
    });
}

function namesIn(path: Path, value: unknown): Omit<Reference, "kind">[] {
  if (Array.isArray(value)) return value.flatMap((one, index) => namesIn([...path, index], one));
  return [{ path: [...path, "name"], name: at(value, "name") }];
}
