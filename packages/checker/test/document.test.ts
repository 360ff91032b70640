import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { INVARIANTS } from "../src/index.ts";

test("docs/reliability.md lists the invariants of the code, in its words", () => {
  const text = readFileSync(new URL("../../../docs/reliability.md", import.meta.url), "utf8");
  const rows = [...text.matchAll(/^\| (I\d+) \| (.+?) \| (.+?) \|$/gm)].map(([, id, holds, shown]) => ({
    id,
    holds,
    shown,
  }));
  const wanted = INVARIANTS.map(({ id, holds, elsewhere }) => ({ id, holds, shown: elsewhere ?? "history" }));
  expect(rows).toEqual(wanted);
});
