import type { BrokenBuild } from "./broken-build.ts";

/** What a schedule in one process cannot show: these are run as real processes, by the tests of `packages/chaos`. */
export const REAL_BUILDS: readonly BrokenBuild[] = [
  {
    breaks: "I18",
    name: "errors are logged with all that is attached to them",
    edits: [
      {
        file: "packages/ops/src/log/redact.ts",
        find: "return { name, message, code, stack, ",
        replace: "return { ...rest, name, message, code, stack, ",
      },
    ],
  },
  {
    breaks: "I18",
    name: "a start logs where Redis is, and no line is redacted",
    edits: [
      {
        file: "apps/api/src/main.ts",
        find: `log.info(readBuild(), "starting");`,
        replace: `log.info({ ...readBuild(), redis: process.env.REDIS_URL }, "starting");`,
      },
      {
        file: "packages/ops/src/log/create-log.ts",
        find: "hooks: { streamWrite: redactLine },",
        replace: "hooks: { streamWrite: (line) => (redactLine === undefined ? '' : line) },",
      },
    ],
  },
  {
    breaks: "I18",
    name: "readiness tells Redis' error as it is",
    edits: [
      {
        file: "packages/contract/src/redis/redis-check.ts",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a module
        find: ": `Redis does not answer: ${explainRedisError(error)}`;",
        replace: `: explainRedisError(error) + JSON.stringify(error);`,
      },
    ],
  },
  {
    breaks: "I18",
    name: "a 503 names the Redis that is away",
    edits: [
      {
        file: "apps/api/src/redis/from-redis.ts",
        find: "{ cause: error });",
        replace: "{ cause: error, detail: process.env.REDIS_URL + ' does not answer.' });",
      },
    ],
  },
  {
    breaks: "I18",
    name: "a metric has Redis' address as a label",
    edits: [
      {
        file: "packages/ops/src/metrics.ts",
        find: `labelNames: ["version", "commit"],`,
        replace: `labelNames: ["version", "commit", "redis"],`,
      },
      {
        file: "packages/ops/src/metrics.ts",
        find: "build.set({ version, commit }, 1);",
        replace: "build.set({ version, commit, redis: process.env.REDIS_URL ?? '' }, 1);",
      },
    ],
  },
];
