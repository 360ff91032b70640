const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};
const SHAPE = /^([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/;

/** Reads a Kubernetes quantity such as `500m` or `2Gi`; `undefined` when it is none. */
export function parseQuantity(value: unknown): number | undefined {
  const match = SHAPE.exec(String(value));
  if (match === null) return undefined;
  return Number(match[1]) * (UNITS[match[2] ?? ""] ?? 1);
}

/** Zero for what is missing or is no quantity. */
export const quantityOrZero = (value: unknown): number => parseQuantity(value) ?? 0;

/** Writes an amount the short way a quota status does: cores in milli where they are no whole number. */
export const formatQuantity = (amount: number): string =>
  Number.isInteger(amount) ? String(amount) : `${Math.round(amount * 1000)}m`;
