// Loading

export { loadApiSettings, loadWorkerSettings } from "./load.ts";
export { SettingsError } from "./settings-error.ts";

// Values

export { WorkerSettings } from "./worker.ts";

// Documentation

export { settingsTable } from "./markdown.ts";
