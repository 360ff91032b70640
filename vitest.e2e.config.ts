import { defineConfig } from "vitest/config";

/** The end-to-end tests: one cluster, real pods. script/e2e runs them where that cluster can be reached. */
export default defineConfig({
  test: {
    include: ["test/e2e/*.test.ts"],
    pool: "forks",
    // One node of two cores holds all pods; what one file does to it another would feel.
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 120_000,
    restoreMocks: true,
    unstubEnvs: true,
  },
});
