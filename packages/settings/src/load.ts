import { ApiSettings, apiProblems } from "./api.ts";
import { readSettings, variablesOf } from "./read-settings.ts";
import { redisProblems } from "./redis.ts";
import type { Settings, SettingsSchema } from "./setting.ts";
import { type Problem, SettingsError } from "./settings-error.ts";
import { tracingProblems } from "./tracing.ts";
import { unknownVariables } from "./unknown-variables.ts";
import { WorkerSettings, workerProblems } from "./worker.ts";

/**
 * Reads the api's settings; an empty variable counts as unset.
 * @throws SettingsError naming every wrong variable.
 */
export function loadApiSettings(env: NodeJS.ProcessEnv): ApiSettings {
  return load(ApiSettings, env, (settings) => [...apiProblems(settings, env), ...tracingProblems(settings, env)]);
}

/**
 * Reads the worker's settings; an empty variable counts as unset.
 * @throws SettingsError naming every wrong variable.
 */
export function loadWorkerSettings(env: NodeJS.ProcessEnv): WorkerSettings {
  return load(WorkerSettings, env, (settings) => [
    ...redisProblems(settings),
    ...tracingProblems(settings, env),
    ...workerProblems(settings),
  ]);
}

function load<Schema extends SettingsSchema>(
  schema: Schema,
  env: NodeJS.ProcessEnv,
  rules: (settings: Settings<Schema>) => Problem[],
): Settings<Schema> {
  // Both processes are often given one environment, so what the other reads is known too.
  const known = new Set([ApiSettings, WorkerSettings].flatMap(variablesOf));
  const reading = readSettings(schema, env);
  const wrong = "problems" in reading ? reading.problems : rules(reading.settings);
  const problems = [...wrong, ...unknownVariables(env, known)];
  if (problems.length > 0 || "problems" in reading) throw new SettingsError(problems);
  return reading.settings;
}
