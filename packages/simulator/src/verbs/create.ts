import { createObject } from "../api/create.ts";
import { decode, placeAt } from "../api/decode.ts";
import { managerOf } from "../http/exchange.ts";
import { formatObject, formatOf } from "../http/format.ts";
import { fieldValidation, isDryRun, type VerbHandler, warningHeaders } from "./context.ts";

/** POST to a collection. */
export const handleCreate: VerbHandler = ({ cluster, target, request }) => {
  const { kind, namespace } = target;
  const format = formatOf(request.accept);
  const dryRun = isDryRun(request, "CreateOptions");
  const validation = fieldValidation(request, "CreateOptions");
  const { object, warnings } = decode(cluster.schema, kind, request.body, validation);
  placeAt(object, { namespace });
  const created = createObject(cluster, kind, object, {
    dryRun,
    manager: managerOf(request),
  });
  return {
    code: 201,
    headers: warningHeaders(warnings),
    body: formatObject(kind, created, format),
  };
};
