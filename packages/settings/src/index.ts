// Loading

export { loadApiSettings, loadWorkerSettings } from "./load.ts";
export { type Problem, SettingsError } from "./settings-error.ts";

// Values

export { ApiSettings } from "./api.ts";
export { WorkerSettings } from "./worker.ts";

// Documentation

export { settingsTable } from "./markdown.ts";
