import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Figure, isReached } from "../frame/figure.ts";
import { numberOf } from "../frame/table.ts";
import { plot } from "./plot.ts";
import { FOLDER, type Result, readResults } from "./results.ts";

const DOCUMENT = `${FOLDER}.md`;

/** Draws the kept results and puts their tables into docs/performance.md, each between its two marks. */
export async function report(): Promise<readonly string[]> {
  const results = await readResults();
  const before = await readFile(DOCUMENT, "utf8");
  const missing = results.filter(({ name }) => !before.includes(opening(name))).map(({ name }) => name);
  if (missing.length > 0)
    throw new Error(`docs/performance.md has no mark for ${missing.join(", ")}: ${opening("NAME")}`);
  for (const result of results) await writeFile(join(FOLDER, `${result.name}.svg`), plot(result));
  await writeFile(DOCUMENT, results.reduce(withTable, before));
  return results.map(({ name }) => name);
}

const opening = (name: string) => `<!-- figures of ${name} -->`;
const CLOSING = "<!-- end of figures -->";

function withTable(document: string, result: Result): string {
  const from = document.indexOf(opening(result.name)) + opening(result.name).length;
  const to = document.indexOf(CLOSING, from);
  if (to < 0) throw new Error(`docs/performance.md: ${opening(result.name)} is not closed by ${CLOSING}`);
  return `${document.slice(0, from)}\n${block(result)}\n${document.slice(to)}`;
}

function block({ name, about, command, machine, commit, date, figures }: Result): string {
  const sources = commit === undefined ? "" : `; commit ${commit}, ${date}`;
  return [
    `![${about}](performance/${name}.svg)`,
    "",
    "| Figure | Measured | Rounds from, to | Limit | |",
    "|---|---|---|---|---|",
    ...figures.map(line),
    "",
    `\`${command}\`; ${machine}${sources}.`,
  ].join("\n");
}

function line(figure: Figure): string {
  const { name, unit, limit, rounds = [] } = figure;
  const spread =
    rounds.length > 1
      ? [Math.min(...rounds), Math.max(...rounds)].map((value) => numberOf({ value, unit })).join(", ")
      : "";
  const bound = limit === undefined ? "" : `${limit.op === "<=" ? "≤" : "≥"} ${limit.value}`;
  const verdict = limit === undefined ? "" : isReached(figure) ? "reached" : "**missed**";
  return `| ${name} | ${numberOf(figure)} | ${spread} | ${bound} | ${verdict} |`;
}
