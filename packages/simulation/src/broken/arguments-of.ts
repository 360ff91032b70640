const BREAK_PROCESS = new URL("./break-process.ts", import.meta.url);

/** What Node needs as arguments, before the name of its script, to run one of `REAL_BUILDS`. */
export function argumentsOf(name: string): string[] {
  const url = new URL(BREAK_PROCESS);
  url.searchParams.set("build", name);
  return ["--import", url.href];
}
