import { ApiError, type Cause } from "./api-error.ts";

/** What an error needs to know of a kind to name it as kube-apiserver does. */
export interface NamedKind {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}

/** `deployments.apps`, or plain `services` in the core group. */
export const resourceName = (kind: NamedKind): string =>
  kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`;

const kindName = (kind: NamedKind): string => (kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`);

const group = (kind: NamedKind): { group?: string } => (kind.group === "" ? {} : { group: kind.group });

const details = (kind: NamedKind, name: string) => ({
  ...(name === "" ? {} : { name }),
  ...group(kind),
  kind: kind.plural,
});

export const badRequest = (message: string): ApiError => new ApiError(400, "BadRequest", message);

export const unauthorized = (): ApiError => new ApiError(401, "Unauthorized", "Unauthorized");

export const notFound = (kind: NamedKind, name: string): ApiError =>
  new ApiError(404, "NotFound", `${resourceName(kind)} "${name}" not found`, details(kind, name));

export const noSuchResource = (): ApiError =>
  new ApiError(404, "NotFound", "the server could not find the requested resource", {});

export const methodNotAllowed = (): ApiError =>
  new ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});

export const notAcceptable = (): ApiError =>
  new ApiError(406, "NotAcceptable", "406: Not Acceptable\n\nAvailable representations: application/json", {});

export const tooLarge = (limit: number): ApiError =>
  new ApiError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${limit}`, {});

export const unsupportedMediaType = (): ApiError =>
  new ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {});

export const alreadyExists = (kind: NamedKind, name: string, deleting: boolean): ApiError =>
  new ApiError(
    409,
    "AlreadyExists",
    `${deleting ? "object is being deleted: " : ""}${resourceName(kind)} "${name}" already exists`,
    details(kind, name),
  );

export const conflict = (
  kind: NamedKind,
  name: string,
  why = "the object has been modified; please apply your changes to the latest version and try again",
): ApiError =>
  new ApiError(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${resourceName(kind)} "${name}": ${why}`,
    details(kind, name),
  );

/** A failed delete precondition: kube-apiserver names the kind here, not the resource. */
export const preconditionFailed = (kind: NamedKind, name: string, why: string): ApiError =>
  new ApiError(409, "Conflict", `Operation cannot be fulfilled on ${kindName(kind)} "${name}": ${why}`, {
    name,
    ...group(kind),
    kind: kind.kind,
  });

export const forbidden = (kind: NamedKind, name: string, why: string, causes?: readonly Cause[]): ApiError =>
  new ApiError(403, "Forbidden", `${resourceName(kind)}${name === "" ? "" : ` "${name}"`} is forbidden: ${why}`, {
    ...details(kind, name),
    ...(causes === undefined ? {} : { causes }),
  });

/** All causes in one 422. Equal causes are written once in the message, as upstream does. */
export function invalid(kind: NamedKind, name: string, causes: readonly Cause[]): ApiError {
  const lines = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))];
  const list = lines.length === 1 ? lines[0] : `[${lines.join(", ")}]`;
  return new ApiError(422, "Invalid", `${kindName(kind)} "${name}" is invalid: ${list}`, {
    ...(name === "" ? {} : { name }),
    ...group(kind),
    kind: kind.kind,
    causes,
  });
}

export const invalidOptions = (kind: string, causes: readonly Cause[]) =>
  invalid({ group: "meta.k8s.io", plural: "", kind }, "", causes);

export const expired = (message: string): ApiError => new ApiError(410, "Expired", message);

export const versionTooLarge = (wanted: number, current: number): ApiError =>
  new ApiError(504, "Timeout", `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [
      {
        reason: "ResourceVersionTooLarge",
        message: "Too large resource version",
      },
    ],
    retryAfterSeconds: 1,
  });

export const internal = (message: string): ApiError =>
  new ApiError(500, "InternalError", message, {
    causes: [{ message }],
  });
