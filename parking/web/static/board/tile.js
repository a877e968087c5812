/* A lot on the wall: what is free, how that changed, what is wrong. */

import { now } from "../api.js";
import { count, freshness } from "../formats.js";
import { Bar, Level } from "../ui.js";
import { html } from "../vendor/preact/htm-preact.js";
import { rate, signed } from "./figures.js";
import { t, wordFor } from "./say.js";
import { changeOf, hourOf, pathsOf } from "./trend.js";
import { GRAVE, severity } from "./troubles.js";

const WIDTH = 120;
const HEIGHT = 30;
const MOST_CHIPS = 2;

/** A lot in short; `entry` is {lot, name, availability, quality, troubles, events}. */
export function Tile({ entry, past, lastHeard, onOpen }) {
  const { lot, name, availability, quality, troubles, events } = entry;
  const grave = severity(troubles) >= GRAVE;
  return html`<li
    class="tile card"
    id=${`lot-${lot.id}`}
    data-level=${availability.level}
    data-grave=${grave}
  >
    <h3>
      <button type="button" class="tile-name" onClick=${() => onOpen(lot.id)}>${name}</button>
    </h3>
    <div class="tile-body">
      <${Free} numbers=${availability} />
      <${Trend} past=${past} lot=${lot.id} availability=${availability} />
    </div>
    <${Bar} ...${availability} />
    <p class="tile-facts">
      <${Level} level=${availability.level} />
      <span>${freshness(availability, lastHeard)}</span>
      ${events !== undefined && html`<span>${perMinute(events)}</span>`}
      ${quality && html`<span>${t("score", { n: quality.score })}</span>`}
    </p>
    <${Chips} troubles=${troubles} most=${MOST_CHIPS} />
  </li>`;
}

/** A rate of events in words; null: it is not known yet. */
export const perMinute = (events) =>
  t("perMinute", { n: events === null ? t("unknown") : rate(events) });

/** The free spaces, large; what is not known is a word. */
export function Free({ numbers: { free, capacity, unknown } }) {
  if (free === null) {
    return html`<p class="free">
      <span class="free-unknown">${t("free.unknown")}</span>
      <span class="muted"> ${t("capacity", { n: count(capacity) })}</span>
    </p>`;
  }
  return html`<p class="free">
    <strong class="number">${count(free)}</strong>
    <span class="muted"> ${t("free.of", { capacity: count(capacity) })}</span>
    ${unknown > 0 && html`<span class="muted"> ${t("unknown.more", { n: count(unknown) })}</span>`}
  </p>`;
}

/** The last hour as a line, 0 free at its foot, and in words. */
export function Trend({ past, lot, availability }) {
  const hour = hourOf(past, lot, availability, now());
  const change = changeOf(hour);
  const words =
    change === null
      ? t("trend.unknown")
      : t("trend", { change: signed(change.change), n: change.minutes });
  return html`<div class="trend">
    <svg viewBox=${`-1 -1 ${WIDTH + 2} ${HEIGHT + 2}`} preserveAspectRatio="none" aria-hidden="true">
      <path class="ground" d=${`M0 ${HEIGHT}H${WIDTH}`} />
      ${pathsOf(hour, WIDTH, HEIGHT).map((path) => html`<path class="line" d=${path} />`)}
    </svg>
    <span class="muted">${words}</span>
  </div>`;
}

/** What is wrong, worst first, in words. */
export function Chips({ troubles, most = Infinity }) {
  if (troubles.length === 0) return null;
  const rest = troubles.length - most;
  return html`<ul class="chips">
    ${troubles
      .slice(0, most)
      .map(
        ({ kind, n, weight }) =>
          html`<li key=${kind} data-grave=${weight >= GRAVE}>${troubleWords(kind, n)}</li>`,
      )}
    ${rest > 0 && html`<li>${t("chips.more", { n: rest })}</li>`}
  </ul>`;
}

function troubleWords(kind, n) {
  if (kind === "unknown") return t("trouble.unknown");
  if (kind === "part" || kind === "recount") return t(`trouble.${kind}`, { n: count(n) });
  return n > 1 ? t("trouble.many", { kind: wordFor("kind", kind), n }) : wordFor("kind", kind);
}
