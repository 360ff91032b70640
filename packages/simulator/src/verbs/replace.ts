import { decode, placeAt } from "../api/decode.ts";
import { updateObject } from "../api/update.ts";
import { conflict } from "../errors/errors.ts";
import { managerOf } from "../http/exchange.ts";
import { formatObject, formatOf } from "../http/format.ts";
import { fieldValidation, isDryRun, type VerbHandler, warningHeaders } from "./context.ts";

/** PUT. Without a resourceVersion it overwrites whatever is there, as the real server does. */
export const handleReplace: VerbHandler = ({ cluster, target, request }) => {
  const { kind, namespace, name, subresource } = target;
  const format = formatOf(request.accept);
  const dryRun = isDryRun(request, "UpdateOptions");
  const validation = fieldValidation(request, "UpdateOptions");
  const { object, warnings } = decode(cluster.schema, kind, request.body, validation);
  placeAt(object, { namespace, name });
  const updated = updateObject(
    cluster,
    kind,
    { namespace, name },
    (current) => {
      const { uid } = object.metadata;
      if (uid && uid !== current.metadata.uid)
        throw conflict(
          kind,
          name,
          `StorageError: invalid object, Code: 4, Key: /registry/${kind.plural}/${namespace}/${name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`,
        );
      return object;
    },
    {
      dryRun,
      manager: managerOf(request),
      ...(subresource === "status" ? { subresource } : {}),
    },
  );
  return {
    code: 200,
    headers: warningHeaders(warnings),
    body: formatObject(kind, updated, format),
  };
};
