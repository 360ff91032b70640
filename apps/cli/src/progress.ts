import { hasEnded, type JobStatus, placeText } from "repl-orchestrator-client";
import { printable, progressLine } from "./words.ts";

/** Where progress goes: a terminal or not. */
export interface Screen {
  write(text: string): unknown;
  /** Whether its lines can be written again: a terminal that is not a dumb one. */
  readonly canRewrite: boolean;
  /** 0 or missing where it is not known. */
  readonly columns?: number;
}

/** Shows how a job goes. */
export interface Progress {
  show(status: JobStatus): void;
  /** Leaves the cursor at the beginning of an empty line. */
  end(): void;
}

const TICK_MS = 1_000;
const CLEAR_LINE = "\r\u001b[2K";

/** One line that is written again and again on a terminal, else a line for each change. */
export function createProgress(screen: Screen): Progress {
  return screen.canRewrite ? createLiveLine(screen) : createPlainLines(screen);
}

/** Shows nothing, for output that programs read. */
export const NO_PROGRESS: Progress = { show() {}, end() {} };

function createLiveLine(screen: Screen): Progress {
  const begunAt = performance.now();
  let last: JobStatus | undefined;
  const draw = () => {
    if (last) screen.write(CLEAR_LINE + progressLine(last, performance.now() - begunAt, screen.columns || 80));
  };
  const timer = setInterval(draw, TICK_MS);
  return {
    show(status) {
      last = status;
      draw();
    },
    end() {
      clearInterval(timer);
      if (last) screen.write(CLEAR_LINE);
    },
  };
}

function createPlainLines(screen: Screen): Progress {
  let lastLine = "";
  return {
    show(status) {
      const { progress, phase, state } = status;
      // The sentence of how it ended is the result's to tell.
      const news = hasEnded(status) ? `${state}.` : status.message + placeText(status);
      const line = `${printable(`${String(progress).padStart(3)} %  ${phase}: ${news}`)}\n`;
      if (line !== lastLine) screen.write(line);
      lastLine = line;
    },
    end() {},
  };
}
