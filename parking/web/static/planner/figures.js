/* The key figures of all lots together, each with how much of it is known. */

import { html } from "../vendor/preact/htm-preact.js";
import { coverageOf } from "./sums.js";
import { difference, Known, t, write, writeCompared } from "./writing.js";

export const SHOWN = ["occupancy", "peak", "arrivals", "turnover", "stay", "full"];
const UNITS = { turnover: "turnover.unit", full: "full.unit" };
const FLOWS = new Set(["arrivals", "turnover", "stay"]);

/** Cards of the figures; `other` are those of the period compared with, or null. */
export function Figures({ figures, other }) {
  return html`<section aria-labelledby="figures-title">
    <h2 id="figures-title">${t("figures")}</h2>
    <dl class="figures">
      ${SHOWN.map(
        (name) => html`<${Figure} key=${name} name=${name} figures=${figures} other=${other} />`,
      )}
    </dl>
    <p class="muted small">${t("known.hint")}</p>
  </section>`;
}

function Figure({ name, figures, other }) {
  const coverage = coverageOf(figures, name);
  const daily = name === "arrivals" || name === "full";
  const some = FLOWS.has(name) && figures.countedLots < figures.lots;
  return html`<div class="card figure" data-name=${name}>
    <dt>${t(name)}</dt>
    <dd class="value number">${write(name, figures)}</dd>
    <dd><${Known} coverage=${coverage} /></dd>
    ${UNITS[name] && html`<dd class="muted small">${t(UNITS[name])}</dd>`}
    ${daily && figures[name] !== null && html`<dd class="muted small">${writeCompared(name, figures)}</dd>`}
    ${
      some &&
      html`<dd class="muted small">
        ${t("ofLots", { some: figures.countedLots, all: figures.lots })}
      </dd>`
    }
    ${
      other &&
      html`<dd class="versus">
        <strong class="number">${difference(name, figures, other)}</strong>
        <span>${t("versus", { value: writeCompared(name, other) })}</span>
        <${Known} coverage=${coverageOf(other, name)} />
      </dd>`
    }
  </div>`;
}
