import type { ListOptions, Transform } from "../client-types.ts";
import { KubeError } from "../errors/kube-error.ts";
import type { KindRef } from "../kinds.ts";
import type { KubeList, KubeObject } from "../kube-object.ts";
import type { Query } from "../transport/target.ts";

/** One answer of a LIST. */
export interface Page {
  metadata?: { resourceVersion?: string; continue?: string };
  items?: KubeObject[] | null;
}

/** Resources per page, as `kubectl` asks for. */
const PAGE_LIMIT = 500;

/** A token lives as long as etcd keeps old versions (5 minutes): more expiries in a row mean pages that take longer. */
const MAX_RESTARTS = 3;

/**
 * All pages of a LIST. A token that expires half-way begins anew: items of two snapshots must not be mixed.
 * @param fetchPage one LIST with this query
 */
export async function listAll<Item>(
  kind: KindRef,
  options: ListOptions & Transform<Item>,
  fetchPage: (query: Query) => Promise<Page>,
): Promise<KubeList<Item>> {
  for (let restarts = 0; ; restarts++) {
    try {
      return await listOnce(kind, options, fetchPage);
    } catch (error) {
      if (!(error instanceof ExpiredToken)) throw error;
      if (restarts >= MAX_RESTARTS) throw error.cause;
    }
  }
}

/** A continue token that expired; tells it from a LIST whose own resourceVersion is too old. */
class ExpiredToken extends Error {}

async function listOnce<Item>(
  kind: KindRef,
  options: ListOptions & Transform<Item>,
  fetchPage: (query: Query) => Promise<Page>,
): Promise<KubeList<Item>> {
  const items: Item[] = [];
  let token: string | undefined;
  for (;;) {
    const page = await nextPage(options, token, fetchPage);
    for (const item of page.items ?? []) items.push(options.transform({ ...kindOf(kind), ...item }));
    token = page.metadata?.continue || undefined;
    if (token === undefined) {
      return { resourceVersion: page.metadata?.resourceVersion ?? "", items };
    }
  }
}

async function nextPage(
  options: ListOptions,
  token: string | undefined,
  fetchPage: (query: Query) => Promise<Page>,
): Promise<Page> {
  try {
    return await fetchPage({
      labelSelector: options.labelSelector,
      fieldSelector: options.fieldSelector,
      limit: PAGE_LIMIT,
      continue: token,
    });
  } catch (error) {
    const expired = error instanceof KubeError && error.class === "expired";
    if (!expired || token === undefined) throw error;
    throw new ExpiredToken(error.message, { cause: error });
  }
}

/** The server leaves out what is the same for all items. */
function kindOf({ apiVersion, kind }: KindRef): KindRef {
  return { apiVersion, kind };
}
