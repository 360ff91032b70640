import type { Propagation, RemoveOptions } from "../api/remove.ts";
import { unsupported } from "../errors/causes.ts";
import { badRequest, invalidOptions } from "../errors/errors.ts";
import type { ApiRequest } from "../http/exchange.ts";
import { asFields, isFields } from "../objects/object.ts";
import { isDryRun } from "./context.ts";

const PROPAGATIONS = ["Foreground", "Background", "Orphan"];

function bodyOf(request: ApiRequest): Record<string, unknown> {
  if (request.body.trim() === "") return {};
  try {
    const body: unknown = JSON.parse(request.body);
    if (isFields(body)) return body;
  } catch {
    // told below, as for any other body that is no object
  }
  throw badRequest(
    "the object provided is unrecognized (must be of type DeleteOptions): couldn't get version/kind; json parse error",
  );
}

function propagationOf(value: unknown): { propagation?: Propagation } {
  if (value === undefined || value === null) return {};
  if (!PROPAGATIONS.includes(String(value)))
    throw invalidOptions("DeleteOptions", [unsupported("propagationPolicy", value, [...PROPAGATIONS, "nil"])]);
  return { propagation: value as Propagation };
}

/** DeleteOptions from the body, or from the query where the body leaves them out. */
export function deleteOptions(request: ApiRequest): RemoveOptions {
  const body = bodyOf(request);
  const preconditions = asFields(body["preconditions"]);
  const { uid, resourceVersion } = preconditions;
  const grace = body["gracePeriodSeconds"] ?? request.query.get("gracePeriodSeconds");
  const dryRun = Array.isArray(body["dryRun"]) && body["dryRun"][0] === "All";
  return {
    dryRun: dryRun || isDryRun(request, "DeleteOptions"),
    ...(uid === undefined ? {} : { uid: String(uid) }),
    ...(resourceVersion === undefined ? {} : { resourceVersion: String(resourceVersion) }),
    ...propagationOf(body["propagationPolicy"] ?? request.query.get("propagationPolicy") ?? undefined),
    ...(grace === null || grace === undefined ? {} : { graceSeconds: Number(grace) }),
  };
}
