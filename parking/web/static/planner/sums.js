/* Figures of rows of usage together. Means are never averaged: what they are made of is summed.

   What is not known is null, never 0: a lot of which nothing was heard had no known arrivals, though
   its row counts none. */

import { wallClock } from "./period.js";

export const ENOUGH = 0.5; // the coverage below which rows are marked
const DAY_S = 86_400;

const sum = (rows, value) => rows.reduce((total, row) => total + value(row), 0);
const ratio = (over, under) => (under > 0 ? over / under : null);

/** Give the figures of rows by lot, of any number of lots and buckets. */
export function figuresOf(rows) {
  const capacityS = sum(rows, (row) => row.capacity_s);
  const knownS = sum(rows, (row) => row.known_s);
  const occupiedS = sum(rows, (row) => row.occupied_s);
  const peaks = rows.map((row) => row.occupancy_peak).filter((peak) => peak !== null);
  const peak = peaks.reduce((most, one) => Math.max(most, one), -1);
  return {
    capacityS,
    knownS,
    occupiedS,
    coverage: ratio(knownS, capacityS) ?? 0,
    occupancy: ratio(occupiedS, knownS),
    peak: peak < 0 ? null : peak,
    lots: new Set(rows.map((row) => row.lot)).size,
    ...flowsOf(rows),
    ...fullOf(rows),
  };
}

const knownOf = (rows) => sum(rows, (row) => row.known_s);
const capacityOf = (rows) => sum(rows, (row) => row.capacity_s);

function flowsOf(rows) {
  // Where only flags are told nothing is counted.
  const counted = rows.filter((row) => row.departures !== null);
  const heard = counted.filter((row) => row.coverage > 0 || row.arrivals > 0 || row.departures > 0);
  const days = elapsed(rows) / DAY_S;
  const arrivals = heard.length > 0 ? sum(heard, (row) => row.arrivals) : null;
  const departures = heard.length > 0 ? sum(heard, (row) => row.departures) : null;
  return {
    arrivals,
    departures,
    arrivalsADay: arrivals === null ? null : ratio(arrivals, days),
    atLeast: heard.some((row) => row.arrivals_are === "lower_bound"),
    flowCoverage: ratio(knownOf(counted), capacityOf(counted)) ?? 0,
    countedLots: new Set(counted.map((row) => row.lot)).size,
    turnover:
      departures === null
        ? null
        : ratio(
            departures * DAY_S,
            sum(counted, (row) => row.capacity_s),
          ),
    stay:
      departures === null ? null : ratio(sum(counted, (row) => row.occupied_s) / 60, departures),
  };
}

function fullOf(rows) {
  // How long there were spaces: of a lot's row, its space-time by its spaces.
  const span = (row) => (row.capacity > 0 ? row.capacity_s / row.capacity : 0);
  const all = sum(rows, span);
  const known = sum(rows, (row) => row.full_coverage * span(row));
  const minutes = known > 0 ? sum(rows, (row) => row.full_minutes) : null;
  return {
    full: minutes,
    fullCoverage: ratio(known, all) ?? 0,
    fullADay: minutes === null ? null : ratio(minutes, all / DAY_S),
  };
}

function elapsed(rows) {
  let [first, last] = [Infinity, -Infinity];
  for (const row of rows) {
    first = Math.min(first, Date.parse(row.start));
    last = Math.max(last, Date.parse(row.end));
  }
  return Math.max(last - first, 0) / 1000;
}

/** Put rows together by a key: a Map of key to rows, in the order of their coming. */
export function grouped(rows, keyOf) {
  const groups = new Map();
  for (const row of rows) {
    const key = keyOf(row);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(row);
  }
  return groups;
}

/** Give the course of time: [{at, figures}], `at` as the lots' own clocks show it. */
export function courseOf(rows) {
  const buckets = grouped(rows, (row) => wallClock(Date.parse(row.start), row.zone));
  return [...buckets]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([at, there]) => ({ at, figures: figuresOf(there) }));
}

/** Give the 168 hours of the week: [{coverage, occupancy}] of rows by hour_of_week. */
export function weekOf(rows) {
  const hours = grouped(rows, (row) => row.hour_of_week);
  return Array.from({ length: 168 }, (_, hour) => {
    const there = hours.get(hour) ?? [];
    const knownS = sum(there, (row) => row.known_s);
    return {
      coverage:
        ratio(
          knownS,
          sum(there, (row) => row.capacity_s),
        ) ?? 0,
      occupancy: ratio(
        sum(there, (row) => row.occupied_s),
        knownS,
      ),
    };
  });
}

/** Rank lots by a figure, the greatest first: [{lot, rank, figures}]; rank null with low coverage. */
export function ranked(rows, by) {
  const lots = [...grouped(rows, (row) => row.lot)].map(([lot, own]) => ({
    lot,
    figures: figuresOf(own),
  }));
  const value = ({ figures }) => figures[by] ?? -1;
  const order = (one, other) => value(other) - value(one) || (one.lot < other.lot ? -1 : 1);
  const sure = lots
    .filter(({ figures }) => isSure(figures, by) && figures[by] !== null)
    .sort(order);
  const unsure = lots.filter((lot) => !sure.includes(lot)).sort(order);
  return [
    ...sure.map((lot, index) => ({ ...lot, rank: index + 1 })),
    ...unsure.map((lot) => ({ ...lot, rank: null })),
  ];
}

const RESTS_ON = {
  full: "fullCoverage",
  arrivals: "flowCoverage",
  turnover: "flowCoverage",
  stay: "flowCoverage",
};

/** Give the share of the time that a figure rests on, of those lots that have it at all. */
export const coverageOf = (figures, name) => figures[RESTS_ON[name] ?? "coverage"];

/** Whether a figure rests on half of the time or more. */
export const isSure = (figures, name) => coverageOf(figures, name) >= ENOUGH;
