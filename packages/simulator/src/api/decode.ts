import { badRequest } from "../errors/errors.ts";
import { apiVersionOf, type Kind } from "../kinds/kind.ts";
import { asFields, isFields, type KubeObject, type ObjectKey } from "../objects/object.ts";
import { duplicateFields } from "../schema/duplicate-fields.ts";
import { pruneTo, TypeMismatch } from "../schema/prune.ts";
import type { Schema } from "../schema/schema.ts";

/** `?fieldValidation=`: Warn is the server's default. */
export type FieldValidation = "Ignore" | "Warn" | "Strict";

/** A body turned into an object of the wanted kind; warnings go into `Warning` headers. */
export interface Decoded {
  readonly object: KubeObject;
  readonly warnings: readonly string[];
}

const MAX_QUOTED = 1024;

function parseBody(kind: Kind, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const shown = text === "" ? "<empty>" : text.slice(0, MAX_QUOTED);
    const why =
      text.trim() === "" || /^\s*[{[]/.test(text)
        ? "unexpected end of JSON input"
        : `invalid character '${text.trim()[0]}' looking for beginning of value`;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): couldn't get version/kind; json parse error: ${why} (${shown})`,
    );
  }
}

function checkKind(kind: Kind, body: Record<string, unknown>): void {
  const apiVersion = body["apiVersion"] ?? apiVersionOf(kind);
  const name = body["kind"] ?? kind.kind;
  if (apiVersion === apiVersionOf(kind) && name === kind.kind) return;
  const version = String(apiVersion).split("/").at(-1);
  throw badRequest(
    `${name} in version "${version}" cannot be handled as a ${kind.kind}: no kind "${name}" is registered for version "${apiVersion}"`,
  );
}

const cannotHandle = (kind: Kind, why: string) =>
  badRequest(`${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${why}`);

/** Cuts an object to its kind's fields; unknown ones are refused, warned of or ignored. */
export function fitToKind(
  schema: Schema,
  kind: Kind,
  value: Record<string, unknown>,
  duplicates: readonly string[],
  validation: FieldValidation,
): Decoded {
  const pruned = prune(schema, kind, value);
  const wrong = [
    ...duplicates.map((path) => `duplicate field "${path}"`),
    ...pruned.unknown.map((path) => `unknown field "${path}"`),
  ];
  if (validation === "Strict" && wrong.length > 0)
    throw cannotHandle(kind, `strict decoding error: ${wrong.join(", ")}`);
  const { metadata, ...rest } = asFields(pruned.value);
  return {
    object: {
      ...rest,
      kind: kind.kind,
      apiVersion: apiVersionOf(kind),
      metadata: asFields(metadata) as unknown as KubeObject["metadata"],
    },
    warnings: validation === "Warn" ? wrong : [],
  };
}

function prune(schema: Schema, kind: Kind, value: Record<string, unknown>) {
  try {
    if (kind.typed) return pruneTo(schema, kind.kind, value);
    const { metadata, ...rest } = value;
    const pruned = pruneTo(schema, "ObjectMeta", metadata ?? {});
    return {
      value: { ...rest, metadata: pruned.value },
      unknown: pruned.unknown.map((path) => `metadata.${path}`),
    };
  } catch (error) {
    if (error instanceof TypeMismatch) throw cannotHandle(kind, error.message);
    throw error;
  }
}

/** Reads a JSON body as an object of one kind. */
export function decode(schema: Schema, kind: Kind, text: string, validation: FieldValidation): Decoded {
  const body = parseBody(kind, text);
  if (!isFields(body))
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): couldn't get version/kind; json parse error: json: cannot unmarshal into Go value of type struct`,
    );
  checkKind(kind, body);
  const duplicates = validation === "Ignore" ? [] : duplicateFields(text);
  return fitToKind(schema, kind, body, duplicates, validation);
}

/** Takes namespace and name from the URL into the object, refusing what contradicts them. */
export function placeAt(object: KubeObject, key: Partial<ObjectKey>): void {
  const { metadata } = object;
  const namespace = key.namespace ?? "";
  if (metadata.namespace && metadata.namespace !== namespace)
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  if (namespace !== "") metadata.namespace = namespace;
  if (key.name === undefined) return;
  if (!metadata.name)
    throw badRequest(`the name of the object (${key.name} based on URL) was undeterminable: name must be provided`);
  if (metadata.name !== key.name)
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${key.name})`);
}
