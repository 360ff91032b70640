import { ApiSettings } from "./api.ts";
import { keywordsOf, type SettingKeywords, type SettingsSchema } from "./setting.ts";
import { shared } from "./shared.ts";
import { WorkerSettings } from "./worker.ts";

const INTRODUCTION = `# Settings

Environment variables, read once when a process starts. A wrong value ends the process at once with every wrong variable
named; an empty variable counts as unset. This page is generated from \`packages/settings\`.
`;

/** The whole of docs/settings.md: one table for what both processes read and one for each. Pure. */
export function settingsTable(): string {
  const all = Object.values(shared).map(keywordsOf);
  const common = new Set(all.map(({ variable }) => variable));
  const own = (schema: SettingsSchema) =>
    Object.values(schema.properties)
      .map(keywordsOf)
      .filter(({ variable }) => !common.has(variable));
  return [
    INTRODUCTION,
    section("Both processes", all),
    section("Api", own(ApiSettings)),
    section("Worker", own(WorkerSettings)),
  ].join("\n");
}

function section(title: string, settings: SettingKeywords[]): string {
  const head = ["| Variable | Default | Expected | Meaning |", "|---|---|---|---|"];
  return [`## ${title}`, "", ...head, ...settings.map(row), ""].join("\n");
}

function row({ variable, default: fallback, expected, description }: SettingKeywords): string {
  const shown = fallback === undefined ? "unset" : `\`${[fallback].flat().join(",")}\``;
  return `| ${[`\`${variable}\``, shown, expected, description].map(escaped).join(" | ")} |`;
}

function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|");
}
