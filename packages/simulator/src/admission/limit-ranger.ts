import { type Admission, type Cluster, readAll } from "../api/cluster.ts";
import { forbidden } from "../errors/errors.ts";
import { ensureFields, orDefault } from "../kinds/kind.ts";
import { limitRanges } from "../kinds/limit-range.ts";
import { pods } from "../kinds/pod.ts";
import { asFields, asList, type Fields } from "../objects/object.ts";
import { quantityOrZero } from "../objects/quantity.ts";

const ANNOTATION = "kubernetes.io/limit-ranger";

/** Gives a container the requests and limits that it does not name itself; says which, in the server's words. */
function complete(container: Fields, limit: Fields): readonly string[] {
  const resources = ensureFields(container, "resources");
  const fill = (side: "requests" | "limits", defaults: Fields) => {
    const names = Object.keys(defaults).filter((name) => asFields(resources[side])[name] === undefined);
    for (const name of names) orDefault(ensureFields(resources, side), name, defaults[name]);
    return names.length === 0 ? [] : [`${names.sort().join(", ")} ${side.slice(0, -1)} for`];
  };
  return [...fill("requests", asFields(limit["defaultRequest"])), ...fill("limits", asFields(limit["default"]))];
}

/** What a container asks for beyond the limits, in the server's words. */
function excess(container: Fields, limit: Fields): readonly string[] {
  const resources = asFields(container["resources"]);
  const requests = asFields(resources["requests"]);
  const limits = asFields(resources["limits"]);
  const tooLittle = Object.entries(asFields(limit["min"])).flatMap(([name, min]) => {
    if (requests[name] === undefined)
      return [`minimum ${name} usage per Container is ${min}.  No request is specified`];
    return quantityOrZero(requests[name]) < quantityOrZero(min)
      ? [`minimum ${name} usage per Container is ${min}, but request is ${requests[name]}`]
      : [];
  });
  const tooMuch = Object.entries(asFields(limit["max"])).flatMap(([name, max]) => {
    if (limits[name] === undefined) return [`maximum ${name} usage per Container is ${max}.  No limit is specified`];
    return quantityOrZero(limits[name]) > quantityOrZero(max)
      ? [`maximum ${name} usage per Container is ${max}, but limit is ${limits[name]}`]
      : [];
  });
  return [...tooLittle, ...tooMuch];
}

/** Completes and limits the containers of pods by the LimitRanges of their namespace; limits of pods and claims are unknown. */
export const limitRanger =
  (cluster: () => Cluster): Admission =>
  (kind, object) => {
    if (kind !== pods) return;
    const limits = readAll(cluster(), limitRanges, object.metadata.namespace ?? "")
      .flatMap(({ spec }) => asList(asFields(spec)["limits"]).map(asFields))
      .filter(({ type }) => type === "Container");
    if (limits.length === 0) return;
    const spec = asFields(object.spec);
    const containers = [
      ...asList(spec["containers"]).map((each) => ({ container: asFields(each), what: "container" })),
      ...asList(spec["initContainers"]).map((each) => ({ container: asFields(each), what: "init container" })),
    ];
    const given = containers.flatMap(({ container, what }) =>
      limits.flatMap((limit) => complete(container, limit)).map((text) => `${text} ${what} ${container["name"]}`),
    );
    if (given.length > 0)
      ensureFields(object.metadata as unknown as Fields, "annotations")[ANNOTATION] =
        `LimitRanger plugin set: ${given.join("; ")}`;
    const wrong = containers.flatMap(({ container }) => limits.flatMap((limit) => excess(container, limit)));
    if (wrong.length === 0) return;
    throw forbidden(kind, object.metadata.name, wrong.length === 1 ? String(wrong[0]) : `[${wrong.join(", ")}]`);
  };
