import { isObject } from "../json.ts";
import { PLACEHOLDER, USER_PLACEHOLDER } from "../render/placeholder.ts";

/** A text of a template, cut at what no replId holds: the dots of a name or host, the slashes of a path. */
export type Pattern = readonly string[];

/**
 * What keeps no replId and user's label apart: `user_label-service_name` is `u-a-b` for the repl `a-b` of `u` and for `b` of
 * `u-a`. A label may hold dots and underscores, but as no replId does, the nearest one to the replId ends it. A controller
 * may read `%2D` as a hyphen.
 */
const RUN_TOGETHER = [
  [PLACEHOLDER, USER_PLACEHOLDER],
  [USER_PLACEHOLDER, PLACEHOLDER],
].map((both) => new RegExp(both.join("[a-zA-Z0-9%-]*")));

/** The keys and values of labels. */
export function textsOf(labels: unknown): string[] {
  const texts = isObject(labels) ? Object.entries(labels).flat() : [];
  return texts.filter((text) => typeof text === "string");
}

/** Whether a text is one repl's alone, whoever its user is. */
export function isOwn(text: string): boolean {
  return text.split("/").some((part) => part.includes(PLACEHOLDER) && !RUN_TOGETHER.some((both) => both.test(part)));
}

/**
 * Whether two texts can be the same for two different repls. What stands between placeholders is not looked at, so some
 * are said to coincide that do not.
 */
export function mayCoincide(left: Pattern, right: Pattern): boolean {
  if (left.length !== right.length) return false;
  // A part that is the same in both and one repl's own: where the texts are the same, so are the replIds.
  if (left.some((part, index) => part === right[index] && isOwn(part))) return false;
  return left.every((part, index) => mayBeEqual(part, right[index] ?? ""));
}

const PLACEHOLDERS = new RegExp(`${PLACEHOLDER}|${USER_PLACEHOLDER}`);

/** What stands before the first placeholder of a part and after the last one. */
interface Edges {
  readonly start: string;
  readonly end: string;
}

function edgesOf(part: string): Edges | undefined {
  const pieces = part.split(PLACEHOLDERS);
  return pieces.length === 1 ? undefined : { start: pieces[0] ?? "", end: pieces.at(-1) ?? "" };
}

function mayBeEqual(left: string, right: string): boolean {
  const [one, other] = [edgesOf(left), edgesOf(right)];
  if (one === undefined) return other === undefined ? left === right : canBe(other, left);
  if (other === undefined) return canBe(one, right);
  return agree(one.start, other.start, startsWith, BEGINS) && agree(one.end, other.end, endsWith, ENDS);
}

/** A letter or digit: nothing else is at the edge of a replId or a user's label. */
const BEGINS = /^([a-z0-9]|$)/i;
const ENDS = /(^|[a-z0-9])$/i;

/** Whether values of the placeholders can make a part be that text. */
function canBe({ start, end }: Edges, text: string): boolean {
  const value = text.slice(start.length, text.length - end.length);
  return text.startsWith(start) && text.endsWith(end) && value !== "" && BEGINS.test(value) && ENDS.test(value);
}

/** One edge goes on where the other ends, and what it has more can belong to a value. */
function agree(
  left: string,
  right: string,
  without: (longer: string, shorter: string) => string | undefined,
  edge: RegExp,
): boolean {
  const more = without(left, right) ?? without(right, left);
  return more !== undefined && edge.test(more);
}

function startsWith(longer: string, shorter: string): string | undefined {
  return longer.startsWith(shorter) ? longer.slice(shorter.length) : undefined;
}

function endsWith(longer: string, shorter: string): string | undefined {
  return longer.endsWith(shorter) ? longer.slice(0, longer.length - shorter.length) : undefined;
}
