/* The zones of a lot: their numbers, how far these can be believed, and where to count the cars. */

import { count, freshness, percent } from "../formats.js";
import { Level, Trouble } from "../ui.js";
import { html } from "../vendor/preact/htm-preact.js";
import { signed } from "./figures.js";
import { recountWords } from "./findings.js";
import { Said, t, zoneName } from "./say.js";
import { Table } from "./table.js";

const NUMBERS = ["zone", "counting", "free", "occupied", "unknown", "capacity", "heard"];
const JUDGED = ["trusted", "drift"];
const COUNTED = ["gates", "counts"]; // whose cars somebody can count anew

/** The table; `onRecount(zone, estimate)` null: whoever looks may not. */
export function Zones({ lot, told, quality, onRecount }) {
  if (told.value === null) {
    return told.problem && html`<${Trouble} problem=${told.problem} onRetry=${told.reload} />`;
  }
  const described = new Map(lot.zones.map((zone) => [zone.id, zone]));
  const judged = new Map((quality?.zones ?? []).map((zone) => [zone.zone, zone]));
  const wished = new Map((quality?.recounts ?? []).map((zone) => [zone.zone, zone]));
  const columns = [...NUMBERS, ...(quality ? JUDGED : []), ...(onRecount ? ["recount"] : [])];
  return html`<section aria-labelledby="zones-title">
    <h3 id="zones-title">${t("zones")}</h3>
    <${Table} name="zones" heading="zones-title" columns=${columns}>
      ${told.value.zones.map((numbers) => {
        const zone = described.get(numbers.id) ?? { id: numbers.id };
        return html`<${Row}
          key=${numbers.id}
          numbers=${numbers}
          zone=${zone}
          judged=${judged.get(numbers.id)}
          wish=${wished.get(numbers.id)}
          hasQuality=${Boolean(quality)}
          onRecount=${onRecount}
        />`;
      })}
    <//>
    ${[...wished.values()].map(
      (wish) =>
        html`<p key=${wish.zone} class="wish">
          <strong>${t("wish", { zone: zoneName(described.get(wish.zone) ?? { id: wish.zone }) })}</strong>${" "}
          ${wish.estimate !== null && t("recount.expect", { n: count(wish.estimate) })}${" "}
          ${wish.error ? t("wish.error", { n: signed(wish.error) }) : ""}
          <span class="muted">
            ${" "}<${Said}
              words=${recountWords(wish, judged.get(wish.zone)?.capacity)}
              text=${wish.reason}
            />
          </span>
        </p>`,
    )}
  </section>`;
}

function Row({ numbers, zone, judged, wish, hasQuality, onRecount }) {
  const { free, occupied, unknown, capacity, counting, level } = numbers;
  const since = { observed_at: numbers.observed_at };
  return html`<tr data-zone=${numbers.id}>
    <th scope="row">
      ${zoneName(zone)} <span class="muted">${t(`class.${numbers.class}`)}</span>
      ${level && html`<${Level} level=${level} />`}
    </th>
    <td>${t(`counting.${counting}`)}</td>
    <td class="number">${count(free)}</td>
    <td class="number">${count(occupied)}</td>
    <td class="number">${count(unknown)}</td>
    <td class="number">${count(capacity)}</td>
    <td>${freshness(since, numbers.heard_at)}</td>
    ${hasQuality &&
    html`<td class="number">${judged ? percent(judged.trusted) : t("unknown")}</td>
      <td>${driftWords(judged, counting)}</td>`}
    ${onRecount &&
    html`<td>
      ${COUNTED.includes(counting) &&
      html`<button
        type="button"
        class=${wish ? "primary" : ""}
        aria-label=${`${t("recount")}: ${zoneName(zone)}`}
        onClick=${() => onRecount(zone, wish?.estimate ?? null)}
      >
        ${t("recount")}
      </button>`}
    </td>`}
  </tr>`;
}

function driftWords(judged, counting) {
  if (counting !== "gates") return "–";
  if (!judged?.drift) return t("unknown");
  const { cars_per_day: best, low, high } = judged.drift;
  return t("drift", { n: signed(best), low: signed(low), high: signed(high) });
}
