// Writes the documents that are generated from the code. Tests compare them, so a change of the code without this fails.
import { writeFileSync } from "node:fs";
import { interfaceDocument } from "@repl/api";
import { settingsTable } from "@repl/settings";

const documents = {
  "docs/settings.md": settingsTable(),
  "docs/openapi.json": `${JSON.stringify(await interfaceDocument(), null, 2)}\n`,
};

for (const [path, text] of Object.entries(documents)) {
  writeFileSync(new URL(`../${path}`, import.meta.url), text);
  console.log(path);
}
