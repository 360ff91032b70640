/** Fields that every line has; the rest is what the line tells. */
const FRAME = new Set(["level", "time", "process", "pid", "msg"]);
const SEVERE = new Set(["error", "fatal"]);

/**
 * A line of a process's log as people read it: time of day (UTC), level where it is not `info`, message, then the fields. Of
 * an error its message, and the stack where it is severe. Pure.
 * @returns one line or more; what is no line of the log comes back as it is.
 */
export function readableLine(line: string): string {
  const entry = parse(line);
  if (entry === undefined) return line;
  const { level, time, msg } = entry;
  const { err, ...fields } = Object.fromEntries(Object.entries(entry).filter(([name]) => !FRAME.has(name)));
  const words = [
    String(time).slice(11, 19),
    ...(level === "info" ? [] : [level]),
    msg,
    ...Object.entries(fields).map(([name, value]) => `${name}=${textOf(value)}`),
    ...errorText(err, SEVERE.has(String(level))),
  ];
  return words.join(" ");
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{"level":')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" && !/[\s"=]/.test(value) && value !== "" ? value : JSON.stringify(value);
}

function errorText(error: unknown, severe: boolean): string[] {
  if (typeof error !== "object" || error === null) return [];
  const { message, stack } = error as { message?: unknown; stack?: unknown };
  return severe && typeof stack === "string" ? [`\n${stack}`] : [`error=${textOf(message ?? error)}`];
}
