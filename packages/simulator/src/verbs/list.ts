import type { Cluster } from "../api/cluster.ts";
import { badRequest, expired, resourceName, versionTooLarge } from "../errors/errors.ts";
import { formatList, formatOf } from "../http/format.ts";
import { isFields, type KubeObject } from "../objects/object.ts";
import type { VerbHandler } from "./context.ts";
import { type ListOptions, listOptions } from "./list-options.ts";

/** Where a limited list goes on: at this revision, after this object. */
interface Position {
  readonly revision: number;
  readonly after: string;
}

const encode = (position: Position): string =>
  Buffer.from(
    JSON.stringify({
      v: "meta.k8s.io/v1",
      rv: position.revision,
      start: position.after,
    }),
  ).toString("base64url");

function decode(token: string): Position {
  try {
    const text = Buffer.from(token, "base64url").toString("utf8");
    const value: unknown = JSON.parse(text);
    if (isFields(value) && typeof value["rv"] === "number")
      return { revision: value["rv"], after: String(value["start"]) };
  } catch {
    // told below, as for a token of another shape
  }
  throw badRequest("invalid continue token: continue key is not valid: it was not made by this server");
}

const pathOf = ({ metadata }: KubeObject): string => `/${metadata.namespace ?? ""}/${metadata.name}`;

function revisionOf(cluster: Cluster, options: ListOptions): number {
  const current = cluster.store.revision;
  if (options.continueToken !== "") return decode(options.continueToken).revision;
  if (options.revision !== undefined && options.revision > current) throw versionTooLarge(options.revision, current);
  return options.exact && options.revision ? options.revision : current;
}

function checkKept(cluster: Cluster, revision: number): void {
  if (revision >= cluster.store.journal.floor) return;
  throw expired(
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
  );
}

/** GET of a collection, in pages when `limit` says so. Pages of one list show one revision. */
export const handleList: VerbHandler = ({ cluster, target, request }) => {
  const { kind, namespace } = target;
  const options = listOptions(request, target);
  const revision = revisionOf(cluster, options);
  checkKept(cluster, revision);
  const after = options.continueToken === "" ? "" : decode(options.continueToken).after;
  const resource = resourceName(kind);
  const all =
    revision === cluster.store.revision
      ? cluster.store.list(resource, namespace)
      : cluster.store.listAt(resource, namespace, revision);
  const rest = all.filter((object) => options.matches(object) && pathOf(object) > after);
  const items = options.limit > 0 ? rest.slice(0, options.limit) : rest;
  const last = items.at(-1);
  const left = rest.length - items.length;
  const metadata = {
    resourceVersion: String(revision),
    ...(left > 0 && last
      ? {
          continue: encode({ revision, after: pathOf(last) }),
          remainingItemCount: left,
        }
      : {}),
  };
  const format = formatOf(request.accept);
  return { code: 200, body: formatList(kind, items, metadata, format) };
};
