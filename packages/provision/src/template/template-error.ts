/** One thing that is wrong with a template. */
export interface TemplateProblem {
  /** Counted from 1, as people count the parts between `---`. */
  readonly document: number;
  /** Line of the file, from 1. */
  readonly line: number;
  readonly message: string;
}

/** Lines of the message; a broken file easily has thousands. */
const MOST_SHOWN = 20;

/** A template that the worker refuses to work with. Its message names its first problems with document and line. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
  /** All of them. */
  readonly problems: readonly TemplateProblem[];

  constructor(problems: readonly TemplateProblem[]) {
    const shown = problems
      .slice(0, MOST_SHOWN)
      .map(({ document, line, message }) => `document ${document}, line ${line}: ${message}`);
    const hidden = problems.length - shown.length;
    super([...shown, ...(hidden > 0 ? [`and ${hidden} more`] : [])].join("\n"));
    this.problems = problems;
  }
}
