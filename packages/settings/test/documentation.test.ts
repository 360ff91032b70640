import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { settingsTable } from "../src/index.ts";

it("docs/settings.md is what the schemas say", () => {
  expect(readFileSync(new URL("../../../docs/settings.md", import.meta.url), "utf8")).toBe(settingsTable());
});

it("every setting has its row, once for each process that reads it on its own", () => {
  const rows = [...settingsTable().matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name);
  expect(rows).toHaveLength(new Set(rows).size + 1); // OPS_PORT differs by process.
  expect(rows).toEqual(
    expect.arrayContaining(["PORT", "HOST", "REDIS_URL", "KUBECONFIG", "TEMPLATE_PATH", "OPS_PORT"]),
  );
});
