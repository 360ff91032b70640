import { read } from "../api/cluster.ts";
import { createObject } from "../api/create.ts";
import { type Decoded, fitToKind, placeAt } from "../api/decode.ts";
import { updateObject } from "../api/update.ts";
import { ApiError } from "../errors/api-error.ts";
import { required } from "../errors/causes.ts";
import { badRequest, invalidOptions, unsupportedMediaType } from "../errors/errors.ts";
import { type Answer, managerOf } from "../http/exchange.ts";
import { formatObject, formatOf } from "../http/format.ts";
import { cloneJson } from "../objects/clone.ts";
import { isFields, type KubeObject } from "../objects/object.ts";
import { type ApplyOptions, appliedFields, applyTo } from "../patch/apply.ts";
import { jsonPatch, PatchFailed } from "../patch/json-patch.ts";
import { mergePatch } from "../patch/merge-patch.ts";
import { strategicPatch } from "../patch/strategic-patch.ts";
import { fieldValidation, isDryRun, type VerbContext, type VerbHandler, warningHeaders } from "./context.ts";

const APPLY = "application/apply-patch+yaml";

function parsePatch(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest(
      `error decoding patch: invalid character '${text.trim()[0] ?? ""}' looking for beginning of value`,
    );
  }
}

/** How each content type makes the new object from the current one. */
function patched(context: VerbContext, current: KubeObject): unknown {
  const { request, target, cluster } = context;
  const patch = parsePatch(request.body);
  if (request.contentType === "application/merge-patch+json") return mergePatch(current, patch);
  if (request.contentType === "application/strategic-merge-patch+json")
    return strategicPatch(cluster.schema, target.kind.kind, current, patch);
  if (!Array.isArray(patch))
    throw badRequest(
      "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
    );
  try {
    return jsonPatch(current, patch);
  } catch (error) {
    if (!(error instanceof PatchFailed)) throw error;
    throw new ApiError(422, "Invalid", "the server rejected our request due to an error in our request", {});
  }
}

function plainPatch(context: VerbContext): Answer {
  const { cluster, target, request } = context;
  const { kind, namespace, name, subresource } = target;
  const format = formatOf(request.accept);
  const validation = fieldValidation(request, "PatchOptions");
  let warnings: readonly string[] = [];
  const updated = updateObject(
    cluster,
    kind,
    { namespace, name },
    (current) => {
      const value = patched(context, cloneJson(current));
      if (!isFields(value)) throw badRequest("error decoding patch");
      const fitted = fitToKind(cluster.schema, kind, value, [], validation);
      placeAt(fitted.object, { namespace, name });
      warnings = fitted.warnings;
      return fitted.object;
    },
    {
      dryRun: isDryRun(request, "PatchOptions"),
      manager: managerOf(request),
      ...(subresource === "status" ? { subresource } : {}),
    },
  );
  return {
    code: 200,
    headers: warningHeaders(warnings),
    body: formatObject(kind, updated, format),
  };
}

function applyOptions({ request, target }: VerbContext): ApplyOptions {
  const manager = request.query.get("fieldManager") ?? "";
  if (manager === "") throw invalidOptions("PatchOptions", [required("fieldManager", "is required for apply patch")]);
  return {
    manager,
    force: request.query.get("force") === "true",
    ...(target.subresource === "status" ? { subresource: "status" } : {}),
  };
}

/** The applied configuration; JSON only, which is a part of YAML. */
function applied({ cluster, target, request }: VerbContext): Decoded {
  const { kind, namespace, name } = target;
  const body = parsePatch(request.body);
  if (!isFields(body) || !body["apiVersion"] || !body["kind"]) throw badRequest("invalid object type: /, Kind=");
  const decoded = fitToKind(cluster.schema, kind, body, [], "Warn");
  const unknown = decoded.warnings[0]?.match(/"(.*)"/)?.[1];
  if (unknown !== undefined)
    throw new ApiError(
      500,
      undefined,
      `failed to create typed patch object (${namespace}/${name}; ${body["apiVersion"]}, Kind=${body["kind"]}): .${unknown}: field not declared in schema`,
    );
  decoded.object.metadata.name ||= name;
  placeAt(decoded.object, { namespace, name });
  return decoded;
}

/** Server-side apply: creates what is missing, merges into what is there. */
function applyPatch(context: VerbContext): Answer {
  const { cluster, target, request } = context;
  const { kind, namespace, name, subresource } = target;
  const format = formatOf(request.accept);
  const options = applyOptions(context);
  const { object } = applied(context);
  const dryRun = isDryRun(request, "PatchOptions");
  const key = { namespace, name };
  if (read(cluster, kind, key) === undefined && subresource === "") {
    const managedFields = appliedFields(cluster.schema, kind, object, options);
    const created = createObject(cluster, kind, object, {
      dryRun,
      managedFields,
    });
    return { code: 201, body: formatObject(kind, created, format) };
  }
  const updated = updateObject(
    cluster,
    kind,
    key,
    (current) => cloneJson(applyTo(cluster.schema, kind, current, object, options)),
    { dryRun, ...(subresource === "status" ? { subresource } : {}) },
  );
  return { code: 200, body: formatObject(kind, updated, format) };
}

const PLAIN = ["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json"];

/** PATCH, by content type. */
export const handlePatch: VerbHandler = (context) => {
  const { contentType } = context.request;
  if (contentType === APPLY) return applyPatch(context);
  if (!PLAIN.includes(contentType)) throw unsupportedMediaType();
  return plainPatch(context);
};
