import type { Cause } from "../errors/api-error.ts";
import { duplicate, invalidValue, missing, required, unsupported } from "../errors/causes.ts";
import { asFields, asList, type Fields } from "../objects/object.ts";
import { parseQuantity } from "../objects/quantity.ts";
import { checkLabel } from "./names.ts";

/** The checks of kube-apiserver 1.35 that a wrong pod template meets in practice, in its order and words. */

const MAX_PORT = 65_535;

/** A port number as `must be between 1 and 65535, inclusive`. */
export function checkPort(field: string, port: unknown): readonly Cause[] {
  const number = Number(port);
  if (Number.isInteger(number) && number >= 1 && number <= MAX_PORT) return [];
  return [invalidValue(field, port, `must be between 1 and ${MAX_PORT}, inclusive`)];
}

function checkEnv(at: string, container: Fields): readonly Cause[] {
  return asList(container["env"]).flatMap((entry, index) => {
    const name = String(asFields(entry)["name"] ?? "");
    const field = `${at}.env[${index}].name`;
    if (name === "") return [required(field)];
    if (/^[\x20-\x3c\x3e-\x7e]+$/.test(name)) return [];
    return [
      invalidValue(
        field,
        name,
        "a valid environment variable name must consist only of printable ASCII characters other than '='",
      ),
    ];
  });
}

function checkMounts(at: string, container: Fields, volumes: ReadonlySet<unknown>): readonly Cause[] {
  return asList(container["volumeMounts"]).flatMap((entry, index) => {
    const mount = asFields(entry);
    const field = `${at}.volumeMounts[${index}]`;
    const causes: Cause[] = [];
    if (!mount["name"]) causes.push(required(`${field}.name`));
    else if (!volumes.has(mount["name"])) causes.push(missing(`${field}.name`, mount["name"]));
    if (!mount["mountPath"]) causes.push(required(`${field}.mountPath`));
    return causes;
  });
}

function checkResources(at: string, container: Fields): readonly Cause[] {
  const resources = asFields(container["resources"]);
  const limits = asFields(resources["limits"]);
  return Object.entries(asFields(resources["requests"])).flatMap(([name, amount]) => {
    const limit = parseQuantity(limits[name]);
    const request = parseQuantity(amount);
    if (limit === undefined || request === undefined || request <= limit) return [];
    return [
      invalidValue(
        `${at}.resources.requests`,
        String(amount),
        `must be less than or equal to ${name} limit of ${limits[name]}`,
      ),
    ];
  });
}

function checkContainer(at: string, container: Fields, volumes: ReadonlySet<unknown>): readonly Cause[] {
  const name = String(container["name"] ?? "");
  const image = String(container["image"] ?? "");
  return [
    ...(name === "" ? [required(`${at}.name`)] : checkLabel(`${at}.name`, name)),
    ...(image === "" ? [required(`${at}.image`)] : []),
    ...(image !== image.trim()
      ? [invalidValue(`${at}.image`, image, "must not have leading or trailing whitespace")]
      : []),
    ...asList(container["ports"]).flatMap((port, index) =>
      checkPort(`${at}.ports[${index}].containerPort`, asFields(port)["containerPort"]),
    ),
    ...checkEnv(at, container),
    ...checkMounts(at, container, volumes),
    ...checkResources(at, container),
  ];
}

function checkContainers(at: string, list: readonly unknown[], volumes: ReadonlySet<unknown>): readonly Cause[] {
  const names = new Set<unknown>();
  return list.flatMap((entry, index) => {
    const container = asFields(entry);
    const field = `${at}[${index}]`;
    const again = names.has(container["name"]);
    names.add(container["name"]);
    return [
      ...checkContainer(field, container, volumes),
      ...(again ? [duplicate(`${field}.name`, container["name"])] : []),
    ];
  });
}

function checkVolumes(at: string, list: readonly unknown[]): readonly Cause[] {
  const names = new Set<unknown>();
  return list.flatMap((entry, index) => {
    const name = asFields(entry)["name"];
    const field = `${at}[${index}].name`;
    if (!name) return [required(field)];
    if (names.has(name)) return [duplicate(field, name)];
    names.add(name);
    return checkLabel(field, String(name));
  });
}

const RESTART_POLICIES = ["Always", "Never", "OnFailure"];

/** Checks a pod spec standing at `at`; `restartPolicies` are those the owner allows. */
export function checkPodSpec(
  at: string,
  spec: Fields,
  restartPolicies: readonly string[] = RESTART_POLICIES,
): readonly Cause[] {
  const volumes = asList(spec["volumes"]);
  const names = new Set(volumes.map((volume) => asFields(volume)["name"]));
  const containers = asList(spec["containers"]);
  const policy = String(spec["restartPolicy"] ?? "Always");
  return [
    ...checkVolumes(`${at}.volumes`, volumes),
    ...(containers.length === 0 ? [required(`${at}.containers`)] : []),
    ...checkContainers(`${at}.containers`, containers, names),
    ...checkContainers(`${at}.initContainers`, asList(spec["initContainers"]), names),
    ...(restartPolicies.includes(policy) ? [] : [unsupported(`${at}.restartPolicy`, policy, restartPolicies)]),
  ];
}
