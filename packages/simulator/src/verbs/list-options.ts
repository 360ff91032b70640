import { ApiError } from "../errors/api-error.ts";
import { forbiddenValue } from "../errors/causes.ts";
import { badRequest, invalidOptions } from "../errors/errors.ts";
import type { ApiRequest } from "../http/exchange.ts";
import type { Target } from "../http/target.ts";
import { parseFieldSelector } from "../select/field-selector.ts";
import { type Matcher, parseLabelSelector } from "../select/label-selector.ts";

/** The query of a list or watch. `revision` undefined means none was given. */
export interface ListOptions {
  readonly matches: Matcher;
  readonly revision: number | undefined;
  readonly exact: boolean;
  readonly limit: number;
  readonly continueToken: string;
  readonly bookmarks: boolean;
  readonly timeoutSeconds: number | undefined;
  readonly sendInitialEvents: boolean;
}

function parseRevision(text: string): number | undefined {
  if (text === "") return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  throw new ApiError(
    500,
    undefined,
    `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
}

function parseCount(name: string, text: string | null): number | undefined {
  if (text === null || text === "") return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax (${name})`);
}

const isTrue = (text: string | null): boolean => text !== null && text !== "false" && text !== "0";

function checkInitialEvents(query: URLSearchParams): void {
  if (!query.has("sendInitialEvents") || query.get("resourceVersionMatch") === "NotOlderThan") return;
  throw invalidOptions("ListOptions", [
    forbiddenValue("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"),
  ]);
}

/** @throws ApiError 400, 422 or (for a resourceVersion that is no number) 500, as the real server does. */
export function listOptions(request: ApiRequest, target: Target): ListOptions {
  const { query } = request;
  checkInitialEvents(query);
  const byLabel = parseLabelSelector(query.get("labelSelector") ?? "");
  const byField = parseFieldSelector(target.kind, query.get("fieldSelector") ?? "");
  return {
    matches: (object) => byLabel(object) && byField(object),
    revision: parseRevision(query.get("resourceVersion") ?? ""),
    exact: query.get("resourceVersionMatch") === "Exact",
    limit: parseCount("limit", query.get("limit")) ?? 0,
    continueToken: query.get("continue") ?? "",
    bookmarks: isTrue(query.get("allowWatchBookmarks")),
    timeoutSeconds: parseCount("timeoutSeconds", query.get("timeoutSeconds")),
    sendInitialEvents: isTrue(query.get("sendInitialEvents")),
  };
}
