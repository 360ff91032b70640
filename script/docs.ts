// Writes the documents that are generated from the code. Tests compare them, so a change of the code without this fails.
import { writeFileSync } from "node:fs";
import { settingsTable } from "@repl/settings";

const documents = { "docs/settings.md": settingsTable() };

for (const [path, text] of Object.entries(documents)) {
  writeFileSync(new URL(`../${path}`, import.meta.url), text);
  console.log(path);
}
