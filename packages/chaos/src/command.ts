import { parseArgs } from "node:util";
import { backlog } from "./commands/backlog.ts";
import type { Command, Say, Values } from "./commands/command.ts";
import { crashPoints } from "./commands/crash-points.ts";
import { kills } from "./commands/kills.ts";
import { outages } from "./commands/outages.ts";
import { schedules } from "./commands/schedules.ts";
import { zombies } from "./commands/zombies.ts";

const COMMANDS: Readonly<Record<string, Command>> = {
  schedules,
  "crash-points": crashPoints,
  ...{ kills, zombies, outages, backlog },
};

const OPTIONS = {
  target: { type: "string", default: "simulator" },
  seeds: { type: "string", default: "25" },
  seed: { type: "string", default: "1" },
  round: { type: "string", default: "25" },
  workers: { type: "string", default: "3" },
  pairs: { type: "boolean", default: false },
  jobs: { type: "string", default: "10000" },
  kills: { type: "string", default: "100" },
  rounds: { type: "string", default: "200" },
  blocked: { type: "boolean", default: false },
  fsync: { type: "string", default: "always" },
  power: { type: "boolean", default: false },
  history: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

const USAGE = `Breaks the real service on purpose and checks that nothing that was accepted is lost, doubled or half done.

script/chaos [schedules] [--seeds 25] [--seed 1] [--round 25] [--history PATH]   random schedules; a round shares its processes
script/chaos crash-points [--pairs] [--workers 3]                                a fault at each write of a start and a stop
script/chaos kills [--jobs 10000] [--kills 100] [--fsync always|everysec] [--power]
                                                                                 workers, apis and Redis killed under load, or Redis' power lost
script/chaos zombies [--rounds 200] [--blocked]                                  workers paused beyond lock and lease, or their event loop blocked
script/chaos outages                                                             each dependency dead, frozen, half-open
script/chaos backlog [--jobs 10000]                                              starts without a worker

--target simulator|cluster: the simulator (default) or a real control plane, which script/cluster builds.`;

/** Runs the command that the arguments name; gives the exit code: 0 where everything held, 1 where not, 2 for wrong arguments. */
export async function runCommand(args: readonly string[], say: Say): Promise<number> {
  const parsed = parse(args);
  if (typeof parsed === "string") {
    say(parsed);
    return 2;
  }
  if (parsed.values === undefined) {
    say(USAGE);
    return 0;
  }
  return (await parsed.command(parsed.values, say)) ? 0 : 1;
}

interface Parsed {
  readonly command: Command;
  /** Undefined: only help is wanted. */
  readonly values: Values | undefined;
}

/** What was asked for, or what is wrong with it. */
function parse(args: readonly string[]): Parsed | string {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    const [name = "schedules", ...rest] = positionals;
    const command = COMMANDS[name];
    if (command === undefined || rest.length > 0)
      return `"${positionals.join(" ")}" is no command: there are ${Object.keys(COMMANDS).join(", ")}`;
    if (values.help) return { command, values: undefined };
    return { command, values: checked(values) };
  } catch (error) {
    return (error as Error).message;
  }
}

type Raw = { readonly [Name in keyof typeof OPTIONS]?: string | boolean | undefined };

function checked({ target, fsync, pairs, power, blocked, history, ...raw }: Raw): Values {
  const number = (name: keyof typeof raw): number => {
    const value = Number(raw[name]);
    if (Number.isInteger(value) && value >= 1) return value;
    throw new Error(`--${name}: "${raw[name]}" is not a whole number from 1`);
  };
  return {
    target: oneOf("target", target, ["simulator", "cluster"]),
    fsync: oneOf("fsync", fsync, ["always", "everysec"]),
    pairs: pairs === true,
    power: power === true,
    blocked: blocked === true,
    history: typeof history === "string" ? history : undefined,
    ...{ seeds: number("seeds"), seed: number("seed"), round: number("round"), workers: number("workers") },
    ...{ jobs: number("jobs"), kills: number("kills"), rounds: number("rounds") },
  };
}

function oneOf<Word extends string>(name: string, value: unknown, words: readonly Word[]): Word {
  const found = words.find((word) => word === value);
  if (found === undefined) throw new Error(`--${name}: "${value}" is not one of ${words.join(", ")}`);
  return found;
}
