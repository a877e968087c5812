/* Figures, times and differences as planners read them. */

import { count, percent } from "../formats.js";
import { language, locale, named, translator } from "../i18n.js";
import { html } from "../vendor/preact/htm-preact.js";
import { words as shared } from "../words.js";
import { ENOUGH } from "./sums.js";
import { words } from "./words.js";

export const t = translator(words, shared);

const SIGNED = { signDisplay: "exceptZero" };
const number = (value, options) => new Intl.NumberFormat(locale(), options).format(value);
const share = (value) => (value === null ? t("unknown") : percent(value, value < 0.1 ? 1 : 0));

/** Give minutes in words, or "unknown". */
export function duration(minutes) {
  if (minutes === null || minutes === undefined) return t("unknown");
  const whole = Math.round(minutes);
  if (whole < 60)
    return t("minutes", { m: number(minutes, { maximumFractionDigits: minutes < 10 ? 1 : 0 }) });
  const [h, m] = [number(Math.floor(whole / 60)), whole % 60];
  return m === 0 || whole >= 6000 ? t("hoursLong", { h }) : t("hoursMinutes", { h, m });
}

const rate = (value) =>
  value === null
    ? t("unknown")
    : number(value, { maximumFractionDigits: 2, minimumFractionDigits: 2 });
const cars = (value, { atLeast }) =>
  value === null || !atLeast ? count(value) : t("atLeast", { value: count(value) });

const WRITERS = {
  occupancy: share,
  peak: share,
  coverage: share,
  arrivals: cars,
  turnover: rate,
  stay: duration,
  full: duration,
};
// Periods differ in length: what grows with them is compared by the day.
const COMPARED = { arrivals: "arrivalsADay", full: "fullADay" };
const IN_POINTS = new Set(["occupancy", "peak", "coverage"]);

/** Write a figure, or the word for unknown. */
export const write = (name, figures) => WRITERS[name](figures[name], figures);

/** Write a figure as it is compared: by the day where it grows with the period. */
export function writeCompared(name, figures) {
  if (name === "arrivals") {
    const value = figures.arrivalsADay;
    return t("aDay", { value: cars(value === null ? null : Math.round(value), figures) });
  }
  if (name === "full") return t("aLotDay", { value: duration(figures.fullADay) });
  return write(name, figures);
}

/** Give a difference of shares in percentage points. */
export const points = (value, digits = 1) =>
  t("points", { n: number(100 * value, { ...SIGNED, maximumFractionDigits: digits }) });

/** Write how a figure differs from that of another period; a word where one is not known. */
export function difference(name, figures, other) {
  const key = COMPARED[name] ?? name;
  const [now, then] = [figures?.[key] ?? null, other?.[key] ?? null];
  if (now === null || then === null) return t("noDifference");
  if (IN_POINTS.has(name)) return points(now - then);
  if (then === 0) return now === 0 ? percent(0) : t("noDifference");
  return number(now / then - 1, { ...SIGNED, style: "percent", maximumFractionDigits: 0 });
}

/** Tell how much is known. Never rounded up to all of it, nor down to nothing. */
export function knownWords(coverage) {
  const low = coverage < ENOUGH;
  const edge = coverage > 0.99 && coverage < 1 ? 0.99 : coverage;
  return t(low ? "known.low" : "known", { share: percent(edge, edge > 0 && edge < 0.01 ? 2 : 0) });
}

/** How much is known of what stands beside it, marked when it is less than half. */
export function Known({ coverage }) {
  const low = coverage < ENOUGH;
  return html`<span class="known" data-low=${low}>
    ${low && html`<span aria-hidden="true">⚠ </span>`}${knownWords(coverage)}
  </span>`;
}

const dates = (options, at) =>
  new Intl.DateTimeFormat(locale(), { timeZone: "UTC", ...options }).format(
    new Date(`${at.slice(0, 10)}T00:00:00Z`),
  );

/** Give a period in words. */
export function periodWords({ from, to }) {
  const options = { year: "numeric", month: "short", day: "numeric" };
  return from === to ? dates(options, from) : `${dates(options, from)} – ${dates(options, to)}`;
}

/** Give where a bucket begins, such as "2026-11-16T08:00:00" of the lots' clocks, in words. */
export function bucketWords(at, bucket) {
  if (bucket === "hour")
    return `${dates({ month: "short", day: "numeric" }, at)} ${at.slice(11, 16)}`;
  if (bucket === "month") return dates({ year: "numeric", month: "short" }, at);
  return dates(
    { month: "short", day: "numeric", weekday: bucket === "day" ? "short" : undefined },
    at,
  );
}

/** Give a day of the week, 0 for Monday. */
export const weekdayWords = (day, length = "short") =>
  dates({ weekday: length }, `2024-01-0${day + 1}`);

/** Give an hour of the week, such as "Mon 08:00–09:00". */
export function hourWords(hour) {
  const two = (value) => String(value).padStart(2, "0");
  return `${weekdayWords(Math.floor(hour / 24))} ${two(hour % 24)}:00–${two((hour % 24) + 1)}:00`;
}

/** Give a lot's name; its id when it is retired. */
export const lotName = (id, lots) => named(lots.get(id)?.name) || id;

/** Tell which lots are shown. */
export function lotsWords(wish, lots) {
  if (wish.lots.length > 0 && wish.lots.length <= 3) {
    return wish.lots.map((id) => lotName(id, lots)).join(language() === "zh" ? "、" : ", ");
  }
  if (wish.lots.length > 0) return t("lots.some", { n: wish.lots.length });
  return wish.district ?? t("lots.all");
}
