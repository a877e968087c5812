/* The hours of the week as a table: days beside each other on a phone, below each other on a desktop.

   Colours follow the number, and a bar in each cell says how much of it is known. */

import { percent } from "../formats.js";
import { html, useEffect, useState } from "../vendor/preact/htm-preact.js";
import { ENOUGH } from "./sums.js";
import { hourWords, knownWords, points, t, weekdayWords } from "./writing.js";

const BOUNDS = [0.2, 0.4, 0.6, 0.8, 0.9];
const CHANGES = [0.02, 0.05, 0.15];
const KNOWN = [ENOUGH, 0.8, 0.95];
const WIDE = window.matchMedia("(min-width: 60rem)");
const below = (bounds, value) => bounds.filter((bound) => value >= bound).length;

/** Give what a cell shows: {value, text, coverage, mark}; value null for unknown. */
export function cellOf(cells, own, other) {
  if (cells === "coverage") {
    const text = String(Math.floor(100 * own.coverage + 1e-9));
    return {
      value: own.coverage,
      text,
      coverage: own.coverage,
      mark: `k${below(KNOWN, own.coverage)}`,
    };
  }
  if (cells === "difference") {
    const coverage = Math.min(own.coverage, other.coverage);
    const value =
      own.occupancy === null || other.occupancy === null ? null : own.occupancy - other.occupancy;
    if (value === null) return { value, text: "–", coverage, mark: "none" };
    const step = below(CHANGES, Math.abs(value));
    const whole = Math.round(100 * value) || 0; // no -0
    const text = `${whole > 0 ? "+" : ""}${whole}`.replace("-", "−");
    const mark = `${step === 0 ? "same" : value > 0 ? `more${step}` : `less${step}`}`;
    return { value, text, coverage, mark: coverage < ENOUGH ? `${mark} unsure` : mark };
  }
  const { occupancy: value, coverage } = cells === "other" ? other : own;
  if (value === null) return { value, text: "–", coverage, mark: "none" };
  const mark = `${coverage < ENOUGH ? "u" : "o"}${below(BOUNDS, value)}`;
  return { value, text: String(Math.round(100 * value)), coverage, mark };
}

/** Tell the fullest and the emptiest hour of those that are known well enough. */
export function weekWords(week) {
  const known = week
    .map(({ occupancy, coverage }, hour) => ({ occupancy, coverage, hour }))
    .filter(({ occupancy, coverage }) => occupancy !== null && coverage >= ENOUGH)
    .sort((one, other) => one.occupancy - other.occupancy);
  if (known.length === 0) return t("week.unknown");
  const told = ({ hour, occupancy, coverage }) =>
    `${hourWords(hour)} ${percent(occupancy)}, ${knownWords(coverage)}`;
  return t("week.told", { most: told(known.at(-1)), least: told(known[0]) });
}

/** The table, its choice of what cells show, and its legend. */
export function Heat({ week, other, cells, onChange }) {
  const wide = useWide();
  const shown =
    other === null && (cells === "other" || cells === "difference") ? "occupancy" : cells;
  const choices = other
    ? ["occupancy", "coverage", "other", "difference"]
    : ["occupancy", "coverage"];
  const days = [0, 1, 2, 3, 4, 5, 6];
  const hours = Array.from({ length: 24 }, (_, hour) => hour);
  const cell = (day, hour) => {
    const at = day * 24 + hour;
    return html`<${Cell}
      key=${at}
      hour=${at}
      cells=${shown}
      own=${week[at]}
      other=${other?.[at]}
    />`;
  };
  const [across, down] = wide ? [hours, days] : [days, hours];
  const name = (value, isDay) => (isDay ? weekdayWords(value) : String(value));
  return html`<section class="card" aria-labelledby="week-title">
    <div class="section-head">
      <h2 id="week-title">${t("week")}</h2>
      <label>
        ${t("cells")}${" "}
        <select
          name="cells"
          value=${shown}
          onChange=${(event) => onChange({ cells: event.target.value })}
        >
          ${choices.map((one) => html`<option key=${one} value=${one}>${t(`cells.${one}`)}</option>`)}
        </select>
      </label>
    </div>
    <p>${weekWords(shown === "other" ? other : week)}</p>
    <table class="heat" data-wide=${wide}>
      <caption class="unseen">
        ${t(`cells.${shown}`)}
      </caption>
      <thead>
        <tr>
          <td></td>
          ${across.map((value) => html`<th key=${value} scope="col">${name(value, !wide)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${down.map(
          (row) =>
            html`<tr key=${row}>
              <th scope="row">${name(row, wide)}</th>
              ${across.map((column) => (wide ? cell(row, column) : cell(column, row)))}
            </tr>`,
        )}
      </tbody>
    </table>
    <${Legend} cells=${shown} />
    <p class="muted small">${t("week.hint", { what: t(`cells.${shown}`) })}</p>
  </section>`;
}

function Cell({ hour, cells, own, other }) {
  const { value, text, coverage, mark } = cellOf(cells, own, other);
  const known = knownWords(coverage);
  const said =
    value === null ? t("unknown") : cells === "difference" ? points(value) : percent(value);
  return html`<td
    class=${mark}
    data-hour=${hour}
    title=${t("cell", { hour: hourWords(hour), value: said, known })}
  >
    <span aria-hidden=${value === null}>${text}</span>
    <span class="unseen">${value === null ? t("unknown") : "%"}, ${known}</span>
    <span class="strip" aria-hidden="true"
      ><span style=${{ width: `${100 * coverage}%` }}></span
    ></span>
  </td>`;
}

/** Give the marks of a legend with their words: [[mark, words]]. */
export function legendOf(cells) {
  const low = ["u2", t("legend.low")];
  const none = ["none", t("legend.unknown")];
  if (cells === "coverage") {
    return [
      ["k0", "< 50 %"],
      ["k1", "50–80 %"],
      ["k2", "80–95 %"],
      ["k3", "≥ 95 %"],
    ];
  }
  if (cells === "difference") {
    return [
      ["less3", "< −15"],
      ["less2", "−15 … −5"],
      ["less1", "−5 … −2"],
      ["same", "±2"],
      ["more1", "+2 … +5"],
      ["more2", "+5 … +15"],
      ["more3", "> +15"],
      low,
      none,
    ];
  }
  const edges = [0, ...BOUNDS, 1].map((edge) => Math.round(100 * edge));
  const steps = BOUNDS.concat(1).map((_, step) => [
    `o${step}`,
    `${edges[step]}–${edges[step + 1]} %`,
  ]);
  return [...steps, low, none];
}

function Legend({ cells }) {
  return html`<ul class="legend" aria-hidden="true">
    ${legendOf(cells).map(
      ([mark, said]) =>
        html`<li key=${mark}>
          <span class=${`sample ${mark}`}>${mark === "none" ? "–" : ""}</span>${said}
        </li>`,
    )}
  </ul>`;
}

function useWide() {
  const [wide, setWide] = useState(WIDE.matches);
  useEffect(() => {
    const follow = () => setWide(WIDE.matches);
    WIDE.addEventListener("change", follow);
    return () => WIDE.removeEventListener("change", follow);
  }, []);
  return wide;
}
