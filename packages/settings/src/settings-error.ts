/** What is wrong with one environment variable. */
export interface Problem {
  readonly variable: string;
  /** Follows the variable's name: "expected a path, got …". Holds no secret. */
  readonly message: string;
}

/** The environment is wrong; `problems` has every variable at fault, `message` all of them, one a line. No secrets in either. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const lines = problems.map(({ variable, message }) => `${variable}: ${message}`);
    super(["Wrong settings (docs/settings.md lists all):", ...lines].join("\n  "));
    this.problems = problems;
  }
}
