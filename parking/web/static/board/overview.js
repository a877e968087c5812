/* The whole district on one screen: sums, then every lot, those in trouble first. */

import { count } from "../formats.js";
import { html } from "../vendor/preact/htm-preact.js";
import { rate } from "./figures.js";
import { t } from "./say.js";
import { Tile } from "./tile.js";
import { meanScore, totals } from "./troubles.js";

/** The wall. `entries` are in the order they are shown; `facts` are {judged, perMinute}. */
export function Overview({ entries, facts, past, lastHeard, shown, districts, session, onChange }) {
  return html`
    <div class="board-tools">
      ${districts.length > 1 &&
      html`<label>
        <span>${t("district")}</span>
        <select
          value=${shown.district ?? ""}
          onChange=${(event) => onChange({ district: event.currentTarget.value || null })}
        >
          <option value="">${t("district.all")}</option>
          ${districts.map((id) => html`<option key=${id} value=${id}>${id}</option>`)}
        </select>
      </label>`}
      ${session.role === "operator" &&
      html`<label>
        <span>${t("scope")}</span>
        <select
          value=${shown.scope ?? "own"}
          onChange=${(event) =>
            onChange({ scope: event.currentTarget.value === "own" ? null : "all" })}
        >
          <option value="own">${t("scope.own")}</option>
          <option value="all">${t("scope.all")}</option>
        </select>
      </label>`}
      <${Sums} entries=${entries} facts=${facts} />
    </div>
    ${entries.length === 0
      ? html`<p class="muted">${t("lots.none")}</p>`
      : html`<ul class="wall">
          ${entries.map(
            (entry) =>
              html`<${Tile}
                key=${entry.lot.id}
                entry=${entry}
                past=${past}
                lastHeard=${lastHeard.get(entry.lot.id)}
                onOpen=${(lot) => onChange({ lot })}
              />`,
          )}
        </ul>`}
  `;
}

function Sums({ entries, facts }) {
  const sums = totals(entries);
  const score = meanScore(entries);
  const judged = entries.filter(({ quality }) => quality).length;
  const recounts = entries.reduce((sum, { quality }) => sum + (quality?.recounts.length ?? 0), 0);
  const rows = [
    ["free", count(sums.free), t("sum.free.of", { capacity: count(sums.capacity) })],
    ["unknown", count(sums.unknown), t("sum.spaces")],
    ["troubled", count(sums.troubled), t("sum.lots.of", { n: count(sums.lots) })],
    [
      "quality",
      facts.judged && score !== null ? rate(score) : t("unknown"),
      facts.judged ? t("sum.judged", { n: count(judged), of: count(sums.lots) }) : "",
    ],
    ["recounts", facts.judged ? count(recounts) : t("unknown"), ""],
    ["events", facts.perMinute === null ? t("unknown") : rate(facts.perMinute), t("sum.perMinute")],
  ];
  return html`<dl class="sums">
    ${rows.map(
      ([name, value, more]) =>
        html`<div key=${name} data-sum=${name}>
          <dt>${t(`sum.${name}`)}</dt>
          <dd><strong class="number">${value}</strong> <span class="muted">${more}</span></dd>
        </div>`,
    )}
  </dl>`;
}
