/* The lots, the greatest first; those of which less than half is known have no rank. */

import { html } from "../vendor/preact/htm-preact.js";
import { SHOWN } from "./figures.js";
import { coverageOf, figuresOf, grouped, ranked } from "./sums.js";
import { difference, duration, Known, lotName, t, write } from "./writing.js";

const SORTS = [...SHOWN, "coverage"];

/** The table; `whole` are rows of the period as one bucket, or null. */
export function Ranking({ view, lots, sort, onChange }) {
  const order = ranked(view.rows, sort);
  const others = view.other && grouped(view.other.rows, (row) => row.lot);
  const stays = view.whole && new Map(view.whole.map((row) => [row.lot, row]));
  return html`<section class="card" aria-labelledby="ranking-title">
    <div class="section-head">
      <h2 id="ranking-title">${t("ranking")}</h2>
      <label>
        ${t("sort")}${" "}
        <select
          name="sort"
          value=${sort}
          onChange=${(event) => onChange({ sort: event.target.value })}
        >
          ${SORTS.map((name) => html`<option key=${name} value=${name}>${t(name)}</option>`)}
        </select>
      </label>
    </div>
    <p class="muted small">${t("ranking.hint")} ${t("stay.hint")}</p>
    <div class="wide" role="region" tabindex="0" aria-labelledby="ranking-title">
      <table class="ranking">
        <thead>
          <tr>
            <th scope="col">${t("rank")}</th>
            <th scope="col">${t("lot")}</th>
            <th scope="col" aria-sort=${sort === "coverage" ? "descending" : null}>
              ${t("coverage")}
            </th>
            ${SHOWN.map(
              (name) =>
                html`<th key=${name} scope="col" aria-sort=${sort === name ? "descending" : null}>
                  ${t(name)}
                </th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${order.map(
            ({ lot, rank, figures }) =>
              html`<${Row}
                key=${lot}
                lot=${lot}
                name=${lotName(lot, lots)}
                rank=${rank}
                figures=${figures}
                other=${others && figuresOf(others.get(lot) ?? [])}
                stays=${stays && (stays.get(lot) ?? {})}
              />`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function Row({ lot, name, rank, figures, other, stays }) {
  return html`<tr data-lot=${lot} data-ranked=${rank !== null}>
    <td class="number">
      ${rank ?? html`<span aria-hidden="true">–</span><span class="unseen">${t("rank.none")}</span>`}
    </td>
    <th scope="row">${name}</th>
    <td>
      <${Known} coverage=${figures.coverage} />
      ${other && html`<small>(<${Known} coverage=${other.coverage} />)</small>`}
    </td>
    ${SHOWN.map(
      (one) =>
        html`<td key=${one} class="number" data-name=${one}>
          <span class="own">${write(one, figures)}</span>
          ${one === "full" && html`<small><${Known} coverage=${coverageOf(figures, one)} /></small>`}
          ${one === "stay" && stays?.dwell_p50_min != null && html`<${Stays} row=${stays} />`}
          ${
            one === "occupancy" &&
            html`<span class="line" aria-hidden="true" data-low=${figures.coverage < 0.5}>
              <span style=${{ width: `${100 * (figures.occupancy ?? 0)}%` }}></span>
            </span>`
          }
          ${other && html`<small>(${difference(one, figures, other)})</small>`}
        </td>`,
    )}
  </tr>`;
}

/* Half, and 85 %, of the stays were no longer. */
function Stays({ row }) {
  return html`<small>${t("stay.p50", { value: duration(row.dwell_p50_min) })}</small>
    <small>${t("stay.p85", { value: duration(row.dwell_p85_min) })}</small>`;
}
