import { existsSync } from "node:fs";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * What takes a minute or more, the longest first. A fresh checkout knows no lengths, and one of these that begins last runs alone at the
 * end while the other worker has nothing to do.
 */
const LONGEST = [
  "packages/chaos/test/proofs.test.ts",
  "packages/simulation/test/broken-builds.test.ts",
  "test/redis-topologies.test.ts",
  "test/documented-commands.test.ts",
  "test/many.test.ts",
  "test/api-tester.test.ts",
  "test/examples.test.ts",
  "test/conformance.test.ts",
  "test/image.test.ts",
  "test/deploy/rollout.test.ts",
];
const missing = LONGEST.filter((path) => !existsSync(new URL(path, import.meta.url)));
if (missing.length > 0) throw new Error(`vitest.config.ts names what is not there: ${missing.join(", ")}`);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const index = LONGEST.findIndex((path) => moduleId.endsWith(`/${path}`));
      return index === -1 ? LONGEST.length : index;
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    include: [
      "apps/*/test/**/*.test.ts",
      "packages/*/test/**/*.test.ts",
      "test/**/*.test.ts",
      "script/*.test.{mjs,ts}",
    ],
    exclude: ["test/e2e/**", "**/node_modules/**"],
    globalSetup: ["packages/testkit/src/global-setup.ts"],
    pool: "forks",
    // Tests start Redis servers, clusters and whole processes: more at once than this and they time each other out.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Tests that leave a test's own state behind must not pass by luck.
    restoreMocks: true,
    unstubEnvs: true,
  },
});
