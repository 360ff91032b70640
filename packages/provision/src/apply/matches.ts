import { at, isObject } from "../json.ts";

/**
 * Whether a resource already says everything that a manifest says. What the server added (defaults, status) does not
 * count, an empty value counts as an absent one but where absence means the contrary, and quantities are compared by
 * value: the server writes `1000m` as `1`.
 */
export function matches(wanted: unknown, live: unknown): boolean {
  return agree(wanted, live, false);
}

/** Fields whose values, at whatever depth, are quantities; elsewhere `1000m` and `1` are two different texts. */
const QUANTITY_FIELDS = new Set(["limits", "requests", "sizeLimit", "divisor", "hard"]);

/** Fields of pods that the server leaves out where nobody said them, and that are true then (core/v1). */
const TRUE_WHERE_ABSENT = new Set(["automountServiceAccountToken", "allowPrivilegeEscalation", "hostUsers"]);

function agree(wanted: unknown, live: unknown, isQuantity: boolean): boolean {
  if (isEmpty(wanted)) return isEmpty(live);
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(live) &&
      wanted.length === live.length &&
      wanted.every((item, index) => agree(item, live[index], isQuantity))
    );
  }
  if (isObject(wanted)) {
    if (!isObject(live)) return false;
    return Object.entries(wanted).every(([key, value]) =>
      isTelling(key, value)
        ? at(live, key) === false
        : agree(value, at(live, key), isQuantity || QUANTITY_FIELDS.has(key)),
    );
  }
  return wanted === live || (isQuantity && sameQuantity(wanted, live));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === false || value === 0) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.entries(value).every(([key, inner]) => isEmpty(inner) && !isTelling(key, inner));
}

/** Whether a field says false where nothing said would mean true. */
function isTelling(key: string, value: unknown): boolean {
  return value === false && TRUE_WHERE_ABSENT.has(key);
}

/** Factors of Kubernetes' quantity suffixes (apimachinery, resource.Quantity). */
const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const QUANTITY = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/;

function sameQuantity(left: unknown, right: unknown): boolean {
  const value = quantity(left);
  return value !== undefined && value === quantity(right);
}

function quantity(value: unknown): number | undefined {
  const [, number, suffix = ""] = QUANTITY.exec(String(value)) ?? [];
  const factor = FACTORS[suffix];
  return number === undefined || factor === undefined ? undefined : Number((Number(number) * factor).toPrecision(12));
}
