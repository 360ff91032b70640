/** What a read was answered. */
export interface EarlierRead {
  /** Of the call, as in {@link HttpCall}. */
  readonly number: number;
  /** With the query. */
  readonly path: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Lists of a long run are large; beyond this many bytes the oldest answers are forgotten. */
const KEPT_BYTES = 16_777_216;

/** The latest answers to reads that told what was there, or that nothing was. */
export class EarlierReads {
  #kept: EarlierRead[] = [];
  #bytes = 0;

  add(read: EarlierRead): void {
    if (read.status !== 200 && read.status !== 404) return;
    this.#kept.push(read);
    this.#bytes += sizeOf(read);
    while (this.#bytes > KEPT_BYTES) this.#bytes -= sizeOf(this.#kept.shift() as EarlierRead);
  }

  /** The newest answer to a read of that path among those that came before the one call and after the other, by their numbers. */
  between(path: string, after: number, before: number): EarlierRead | undefined {
    return this.#kept.findLast((read) => read.path === path && read.number > after && read.number < before);
  }
}

/** With what keeping an answer costs beside its body. */
const sizeOf = ({ body }: EarlierRead): number => body.length + 1_024;
