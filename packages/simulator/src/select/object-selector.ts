import { asFields, asList, type Fields } from "../objects/object.ts";

/** One `matchExpressions` entry or one term of a label selector string. */
export interface Requirement {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt";
  readonly values: readonly string[];
}

/** Whether a set of labels meets one requirement. A missing key meets NotIn and DoesNotExist. */
export function meets(requirement: Requirement, labels: Fields): boolean {
  const value = labels[requirement.key];
  const { operator, values } = requirement;
  if (operator === "Exists") return value !== undefined;
  if (operator === "DoesNotExist") return value === undefined;
  if (operator === "NotIn") return value === undefined || !values.includes(String(value));
  if (value === undefined) return false;
  if (operator === "In") return values.includes(String(value));
  const limit = Number(values[0]);
  return operator === "Gt" ? Number(value) > limit : Number(value) < limit;
}

/** Whether labels match a LabelSelector object; an empty one matches everything. */
export function matchesSelector(selector: Fields, labels: Fields): boolean {
  const equal = Object.entries(asFields(selector["matchLabels"])).every(([key, value]) => labels[key] === value);
  if (!equal) return false;
  return asList(selector["matchExpressions"]).every((entry) => {
    const { key, operator, values } = asFields(entry);
    return meets(
      {
        key: String(key),
        operator: operator as Requirement["operator"],
        values: asList(values).map(String),
      },
      labels,
    );
  });
}
