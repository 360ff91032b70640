/** A copy of a JSON value that shares nothing with it; for objects of this size many times cheaper than `structuredClone`. */
export function cloneJson<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(cloneJson) as Value;
  const copy = { ...value } as Record<string, unknown>;
  for (const key of Object.keys(copy)) {
    const field = copy[key];
    if (typeof field === "object" && field !== null) copy[key] = cloneJson(field);
  }
  return copy as Value;
}
