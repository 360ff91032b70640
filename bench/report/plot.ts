import { type Figure, isReached } from "../frame/figure.ts";
import { numberOf } from "../frame/table.ts";
import type { Result } from "./results.ts";
import { drawing, element, text } from "./svg.ts";

const WIDTH = 860;
const NAME_WIDTH = 400;
const BAR_WIDTH = 300;
const ROW = 26;
const HEAD = 44;
/** Room right of the largest value, where a limit or a round may stand. */
const SLACK = 1.1;

/** A result as bars: figures of one unit share a scale, dots are the single rounds, a stroke is the limit. */
export function plot({ name, about, figures }: Result): string {
  const rows = figures.map((figure, index) => row(figure, HEAD + index * ROW, scaleOf(figure, figures)));
  const height = HEAD + figures.length * ROW + 12;
  return drawing(WIDTH, height, `${name}: ${about}`, [text(12, 24, name, { class: "title" }), ...rows]);
}

/** What the whole width of a bar stands for. A ratio has its own limit to be compared with. */
function scaleOf(figure: Figure, all: readonly Figure[]): number {
  const same = figure.unit === "x" ? [figure] : all.filter(({ unit }) => unit === figure.unit);
  return SLACK * Math.max(...same.flatMap(({ value, limit, rounds = [] }) => [value, limit?.value ?? 0, ...rounds]));
}

function row(figure: Figure, y: number, scale: number): string {
  const at = (value: number) => NAME_WIDTH + (scale === 0 ? 0 : (value / scale) * BAR_WIDTH);
  const middle = y + ROW / 2;
  const { limit, value, rounds = [] } = figure;
  const fill = limit === undefined ? "var(--plain)" : isReached(figure) ? "var(--good)" : "var(--bad)";
  const bar = element("rect", {
    x: NAME_WIDTH,
    y: y + 6,
    width: at(value) - NAME_WIDTH,
    height: ROW - 12,
    fill,
    opacity: 0.75,
  });
  const dots = rounds.map((round) => element("circle", { cx: at(round), cy: middle, r: 2.2, fill: "var(--ink)" }));
  const stroke = limit && [
    element("line", {
      x1: at(limit.value),
      x2: at(limit.value),
      y1: y + 2,
      y2: y + ROW - 2,
      stroke: "var(--ink)",
      "stroke-width": 2,
    }),
  ];
  const bound = limit === undefined ? "" : ` (${limit.op === "<=" ? "at most" : "at least"} ${limit.value})`;
  return [
    text(NAME_WIDTH - 8, middle + 4, figure.name, { "text-anchor": "end" }),
    element("line", { x1: NAME_WIDTH, x2: NAME_WIDTH, y1: y, y2: y + ROW, stroke: "var(--line)" }),
    bar,
    ...dots,
    ...(stroke ?? []),
    text(NAME_WIDTH + BAR_WIDTH + 8, middle + 4, `${numberOf(figure)}${bound}`, { class: "soft" }),
  ].join("\n");
}
