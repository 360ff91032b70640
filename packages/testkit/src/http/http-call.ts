/** One request on its way to the target. */
export interface HttpCall {
  /** From 1, in the order in which they came. */
  readonly number: number;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
  /** A Kubernetes watch, whose answer has no end. */
  readonly isWatch: boolean;
}

/** What goes wrong with one request. `cut` and `lose-reply` end the connection with all that is under way on it. */
export type HttpFault =
  /** Answered so, and not executed. A string is sent as text/plain, anything else as JSON. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: unknown;
    }
  /** Not executed. */
  | { readonly kind: "cut" }
  /** Executed, and never answered. `executed` is awaited in between: the place to kill whoever asked. */
  | { readonly kind: "lose-reply"; readonly executed?: () => unknown }
  /** Executed late, in ms. */
  | { readonly kind: "delay"; readonly delayMs: number }
  /** Executed only once `heal()` is called. */
  | { readonly kind: "hold" }
  /**
   * A GET or LIST, answered with what the newest earlier one of the same path was answered (200 or 404), or the newest
   * before the call numbered `before`, as a cache that has stopped there would, and none of the calls up to the one numbered
   * `after`. Executed where there was none.
   */
  | { readonly kind: "replay"; readonly before?: number; readonly after?: number };

/** What became of a request: the target's status, 0 where it was not executed, and what the caller was told. */
export interface HttpOutcome {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly answered: boolean;
}
