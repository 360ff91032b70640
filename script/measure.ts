// Measures the code: lengths of files and functions, comments, cycles, tests. docs/measurements.md says how and compares.
// usage: npm run measure [-- --write]      --write: also puts the figures into docs/measurements.md
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { rowOf, withRow } from "./measure/document.ts";
import { exceeded } from "./measure/limits.ts";
import { measure } from "./measure/measure.ts";

const { values } = parseArgs({ options: { write: { type: "boolean", default: false } } });
const measured = measure(fileURLToPath(new URL("..", import.meta.url)));
const document = new URL("../docs/measurements.md", import.meta.url);

console.log(
  "| | files / lines | file median/p90/max | function median/p90/max | comment % | doc % | cycles | tests : source |",
);
console.log(rowOf(measured));
console.log(`longest file: ${measured.longest.file}; longest function: ${measured.longest.function}`);
if (values.write) writeFileSync(document, withRow(readFileSync(document, "utf8"), measured));

const tooMuch = exceeded(measured);
for (const sentence of tooMuch) console.error(sentence);
process.exitCode = tooMuch.length === 0 ? 0 : 1;
