import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "apps/*/test/**/*.test.ts",
      "packages/*/test/**/*.test.ts",
      "test/**/*.test.ts",
      "script/*.test.{mjs,ts}",
    ],
    globalSetup: ["packages/testkit/src/global-setup.ts"],
    pool: "forks",
    // Tests start Redis servers, clusters and whole processes: more at once than this and they time each other out.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Tests that leave a test's own state behind must not pass by luck.
    restoreMocks: true,
    unstubEnvs: true,
  },
});
