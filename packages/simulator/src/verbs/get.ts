import { read } from "../api/cluster.ts";
import { notFound } from "../errors/errors.ts";
import { formatObject, formatOf } from "../http/format.ts";
import type { VerbHandler } from "./context.ts";

/** GET of one object; its status subresource answers with the whole object too. */
export const handleGet: VerbHandler = ({ cluster, target, request }) => {
  const { kind, namespace, name } = target;
  const object = read(cluster, kind, { namespace, name });
  if (object === undefined) throw notFound(kind, name);
  const format = formatOf(request.accept);
  return { code: 200, body: formatObject(kind, object, format) };
};
