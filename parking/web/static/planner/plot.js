/* A course of time as uPlot draws it: a figure, that of another period dashed, and the coverage. */

import { percent } from "../formats.js";
import { coverageOf, isSure } from "./sums.js";
import { bucketWords, write } from "./writing.js";

const AS_BARS = new Set(["arrivals", "full"]);
const IN_MINUTES = new Set(["stay", "full"]);
const STEPS_MIN = [1, 5, 10, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 14_400, 28_800, 72_000];
const SHARES = new Set(["occupancy", "peak"]);

/** Colours for paper and pictures: light whatever the page is. */
export const ON_PAPER = {
  text: "#17212b",
  line: "#d5dbe1",
  accent: "#0b5cad",
  other: "#8a5300",
  unsure: "#8b949d",
  known: "#5f5478",
  ground: "#ffffff",
  font: "12px sans-serif",
};

/** Give the colours of the page as it looks now. */
export function coloursOf(element) {
  const style = getComputedStyle(element);
  const token = (name) => style.getPropertyValue(name).trim();
  return {
    text: token("--muted"),
    line: token("--line"),
    accent: token("--accent"),
    other: token("--limited"),
    unsure: token("--muted"),
    known: token("--unknown"),
    ground: token("--card"),
    font: `12px ${style.fontFamily}`,
  };
}

/** Draw a course with uPlot; gives the plot. `more` are further options, such as hooks. */
export function draw(uPlot, host, { course, other, measure, bucket }, colours, size, more = {}) {
  const length = Math.max(course.length, other?.length ?? 0);
  const column = (points, value) =>
    Array.from({ length }, (_, index) => (points?.[index] ? value(points[index].figures) : null));
  const sure = column(course, (figures) => (isSure(figures, measure) ? figures[measure] : null));
  const unsure = column(course, (figures) => (isSure(figures, measure) ? null : figures[measure]));
  const compared = column(other, (figures) => figures[measure]);
  const known = column(course, (figures) => coverageOf(figures, measure));
  const greatest = [...sure, ...unsure, ...compared].reduce(
    (most, one) => Math.max(most, one ?? 0),
    0,
  );
  const top = SHARES.has(measure) ? Math.max(1, greatest) : greatest * 1.08 || 1;
  const labels = Array.from({ length }, (_, index) =>
    bucketWords((course[index] ?? other[index]).at, bucket),
  );
  const axis = {
    font: colours.font,
    stroke: colours.text,
    ticks: { stroke: colours.line, width: 1 },
  };
  const grid = { stroke: colours.line, width: 1 };
  return new uPlot(
    {
      ...size,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { time: false, range: () => [-0.6, length - 0.4] },
        y: { range: () => [0, top] },
        known: { range: () => [0, 1] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 34,
          space: bucket === "hour" ? 90 : 70,
          incrs: [1, 2, 3, 7, 14, 24, 28, 56, 112],
          values: (_, splits) => splits.map((at) => labels[at] ?? ""),
        },
        {
          ...axis,
          grid,
          size: 84,
          ...(IN_MINUTES.has(measure) ? { incrs: STEPS_MIN } : {}),
          values: (_, splits) =>
            splits.map((value) => write(measure, { [measure]: value, atLeast: false })),
        },
        {
          ...axis,
          scale: "known",
          side: 1,
          grid: { show: false },
          size: 54,
          values: (_, splits) => splits.map((value) => percent(value)),
        },
      ],
      series: [
        {},
        knownSeries(colours),
        ...figureSeries(uPlot, measure, colours),
        otherSeries(colours),
      ],
      ...more,
    },
    [labels.map((_, index) => index), known, sure, unsure, compared],
    host,
  );
}

function knownSeries({ known }) {
  return { scale: "known", stroke: known, fill: `${known}1f`, width: 1, points: { show: false } };
}

function figureSeries(uPlot, measure, { accent, unsure, ground }) {
  if (AS_BARS.has(measure)) {
    const paths = uPlot.paths.bars({ size: [0.7, 40] });
    const bars = (colour, strength) => ({
      stroke: colour,
      fill: `${colour}${strength}`,
      width: 1,
      paths,
      points: { show: false },
    });
    return [bars(accent, "b0"), bars(unsure, "30")];
  }
  return [
    { stroke: accent, width: 2, points: { show: true, size: 6, fill: accent, stroke: accent } },
    {
      stroke: unsure,
      width: 0,
      points: { show: true, size: 7, width: 2, fill: ground, stroke: unsure },
    },
  ];
}

function otherSeries({ other }) {
  return { stroke: other, width: 2, dash: [6, 4], points: { show: false } };
}
