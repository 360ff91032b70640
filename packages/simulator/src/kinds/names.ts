import type { Cause } from "../errors/api-error.ts";
import { invalidValue, required } from "../errors/causes.ts";
import type { KubeObject } from "../objects/object.ts";
import type { NameRule } from "./kind.ts";

/** Rules and wordings of k8s.io/apimachinery `util/validation`. */
interface Shape {
  readonly pattern: RegExp;
  readonly maxLength: number;
  readonly why: string;
}

const SUBDOMAIN: Shape = {
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  maxLength: 253,
  why: "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
};
const LABEL: Shape = {
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  maxLength: 63,
  why: "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
};
const LABEL_1035: Shape = {
  pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
  maxLength: 63,
  why: "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
};
const LABEL_VALUE: Shape = {
  pattern: /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/,
  maxLength: 63,
  why: "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
};
const NAME_PART: Shape = {
  pattern: /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/,
  maxLength: 63,
  why: "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
};
const STANDARD_FINALIZERS = ["kubernetes", "orphan", "foregroundDeletion"];

function check(field: string, value: string, shape: Shape): Cause[] {
  const causes: Cause[] = [];
  if (value.length > shape.maxLength)
    causes.push(invalidValue(field, value, `must be no more than ${shape.maxLength} characters`));
  if (!shape.pattern.test(value)) causes.push(invalidValue(field, value, shape.why));
  return causes;
}

export const checkSubdomain = (field: string, value: string) => check(field, value, SUBDOMAIN);

export const checkLabel = (field: string, value: string) => check(field, value, LABEL);

const SHAPES: Readonly<Record<NameRule, Shape | undefined>> = {
  subdomain: SUBDOMAIN,
  label: LABEL,
  "label-1035": LABEL_1035,
  any: undefined,
};

function checkName(rule: NameRule, name: string): readonly Cause[] {
  const shape = SHAPES[rule];
  if (name === "") return [required("metadata.name", "name or generateName is required")];
  if (shape !== undefined) return check("metadata.name", name, shape);
  return /[/%]/.test(name) ? [invalidValue("metadata.name", name, "may not contain '/'")] : [];
}

function checkQualified(field: string, key: string): readonly Cause[] {
  const slash = key.indexOf("/");
  const name = key.slice(slash + 1);
  const prefix = key.slice(0, Math.max(0, slash));
  const wrong: string[] = [];
  if (slash !== -1 && !SUBDOMAIN.pattern.test(prefix)) wrong.push(`prefix part ${SUBDOMAIN.why}`);
  if (name.length > NAME_PART.maxLength) wrong.push(`name part must be no more than ${NAME_PART.maxLength} characters`);
  if (!NAME_PART.pattern.test(name)) wrong.push(NAME_PART.why);
  return wrong.map((why) => invalidValue(field, key, why));
}

/** Label keys and values, wherever labels stand. */
export const checkLabels = (field: string, labels: Readonly<Record<string, string>> | undefined): readonly Cause[] =>
  Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...checkQualified(field, key),
    ...check(field, value, LABEL_VALUE),
  ]);

function checkFinalizer(name: string, index: number): readonly Cause[] {
  const field = `metadata.finalizers[${index}]`;
  const qualified = name.includes("/") || STANDARD_FINALIZERS.includes(name);
  return qualified
    ? []
    : [invalidValue(field, name, "name is neither a standard finalizer name nor is it fully qualified")];
}

/** What holds for `metadata` of every kind. */
export function checkMetadata(object: KubeObject, rule: NameRule): readonly Cause[] {
  const { metadata } = object;
  return [
    ...checkName(rule, metadata.name),
    ...checkLabels("metadata.labels", metadata.labels),
    ...Object.keys(metadata.annotations ?? {}).flatMap((key) =>
      checkQualified("metadata.annotations", key.toLowerCase()),
    ),
    ...(metadata.ownerReferences ?? []).flatMap((owner) =>
      owner.uid ? [] : [invalidValue("metadata.ownerReferences.uid", "", "must not be empty")],
    ),
    ...(metadata.finalizers ?? []).flatMap(checkFinalizer),
  ];
}
