import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, it } from "vitest";
import { createRegistry, readBuild } from "../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "build-"));
afterAll(() => rmSync(folder, { recursive: true }));
const inFolder = pathToFileURL(`${folder}/`);

it("is the version of the sources, and no commit where no image was built of them", () => {
  const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
  expect(readBuild()).toEqual({ version, commit: undefined });
});

it("has the commit that the image was built of", () => {
  writeFileSync(join(folder, "package.json"), '{ "version": "1.2.3" }');
  writeFileSync(join(folder, "build.json"), '{ "commit": "abc" }');
  expect(readBuild(inFolder)).toEqual({ version: "1.2.3", commit: "abc" });
});

it("a folder that says neither ends no process", () => {
  expect(readBuild(new URL("none/", inFolder))).toEqual({ version: "unknown", commit: undefined });
  writeFileSync(join(folder, "package.json"), "no JSON");
  writeFileSync(join(folder, "build.json"), '{ "commit": "" }');
  expect(readBuild(inFolder)).toEqual({ version: "unknown", commit: undefined });
});

it("every process says by a metric which one it is", async () => {
  const { version } = readBuild();
  expect(await createRegistry().metrics()).toContain(`\nrepl_build_info{version="${version}",commit=""} 1\n`);
});
