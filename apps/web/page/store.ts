import type { JobStatus, ReplStatus } from "repl-orchestrator-client";
import type { Complaint } from "./complaint.ts";

/** The job on the screen. */
export interface ShownJob {
  readonly status: JobStatus;
  /** When it was started by this browser's clock, in ms since 1970; service and browser need not agree on the time. */
  readonly startedAtMs: number;
}

/** Everything the page shows; views draw it and change nothing of it. */
export interface State {
  /** Undefined until they have been read. */
  readonly repls: readonly ReplStatus[] | undefined;
  readonly job: ShownJob | undefined;
  /** What the service has been asked for and has not answered yet, as a sentence. */
  readonly asked: string | undefined;
  /** Why the last thing that was asked for did not work. */
  readonly refusal: Complaint | undefined;
  /** Why the job on the screen is not followed at the moment; gone as soon as it is, or another one. */
  readonly lost: string | undefined;
  /** Why the list of repls cannot be had at the moment; gone as soon as it can. */
  readonly trouble: Complaint | undefined;
}

/** The state, one change at a time. */
export interface Store {
  readonly state: State;
  update(change: Partial<State>): void;
  /** Draws now and after each change. */
  draw(view: (state: State) => void): void;
}

/** Before anything is known or asked for. */
export const NOTHING: State = {
  repls: undefined,
  job: undefined,
  asked: undefined,
  refusal: undefined,
  lost: undefined,
  trouble: undefined,
};

/** A page without anything yet. */
export function createStore(): Store {
  let state = NOTHING;
  const views: ((state: State) => void)[] = [];
  return {
    get state() {
      return state;
    },
    update(change) {
      state = { ...state, ...change };
      for (const view of views) view(state);
    },
    draw(view) {
      views.push(view);
      view(state);
    },
  };
}
