import { type Figure, ofRounds } from "../frame/figure.ts";

/** What a load made of a server. */
export interface Measured {
  /** A second. */
  readonly rate: number;
  /** What one took of the server's processor. */
  readonly cpuUs: number;
}

/** The rate of a process that does one and then the other, by what it reaches with each alone. */
export function combinedRate(one: Measured, other: Measured): number {
  return 1 / (1 / one.rate + 1 / other.rate);
}

/** The rate and the processor time of one part, of its rounds. */
export function figuresOfPart(name: string, rounds: readonly Measured[]): readonly [rate: Figure, time: Figure] {
  const [rates, times] = [rounds.map(({ rate }) => rate), rounds.map(({ cpuUs }) => cpuUs)];
  return [ofRounds(`${name}: rate`, "1/s", rates), ofRounds(`${name}: processor time for one`, "us", times)];
}
