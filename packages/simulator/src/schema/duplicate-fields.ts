/**
 * Paths of object keys that a JSON text gives twice (`spec.replicas`): `JSON.parse` silently keeps the last, while the API
 * server's strict field validation refuses them. The text must be valid JSON.
 */
export function duplicateFields(text: string): readonly string[] {
  const found: string[] = [];
  const open: Level[] = [];
  for (const token of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:,]/g)) step(open, token[0], found);
  return found;
}

interface Level {
  readonly path: string;
  readonly keys?: Set<string>;
  index: number;
  pending: string | undefined;
  current: string;
}

const level = (path: string, keyed: boolean): Level => ({
  path,
  ...(keyed ? { keys: new Set<string>() } : {}),
  index: 0,
  pending: undefined,
  current: "",
});

function childPath(top: Level | undefined): string {
  if (top === undefined) return "";
  return top.keys ? top.current : `${top.path}[${top.index}]`;
}

function acceptKey(top: Level, found: string[]): void {
  const key = JSON.parse(top.pending ?? '""') as string;
  top.current = top.path === "" ? key : `${top.path}.${key}`;
  if (top.keys?.has(key)) found.push(top.current);
  top.keys?.add(key);
}

function step(open: Level[], token: string, found: string[]): void {
  const top = open.at(-1);
  if (token === "{" || token === "[") open.push(level(childPath(top), token === "{"));
  else if (token === "}" || token === "]") open.pop();
  else if (top === undefined) return;
  else if (token === ":") acceptKey(top, found);
  else if (token === ",") top.index += 1;
  else top.pending = token;
}
