/* The spaces of a lot as a grid, by zone and level, each free, occupied or unknown. */

import { clock, count } from "../formats.js";
import { html } from "../vendor/preact/htm-preact.js";
import { t, zoneName } from "./say.js";
import { groupSpots } from "./spots.js";

const MARKS = { free: "○", occupied: "■", unknown: "?" };

/** The grid of the lot's spaces, as the service lists them. */
export function Spots({ lot, spaces }) {
  const zones = new Map(lot.zones.map((zone) => [zone.id, zone]));
  return html`<section aria-labelledby="spaces-title">
    <h3 id="spaces-title">${t("spaces")}</h3>
    <p class="legend">
      ${Object.keys(MARKS).map(
        (state) =>
          html`<span key=${state} class="spot" data-state=${state}>
            <span aria-hidden="true">${MARKS[state]}</span> ${t(`spot.${state}`)}
          </span>`,
      )}
    </p>
    ${spaces.length === 0 && html`<p class="muted">${t("spaces.none")}</p>`}
    ${groupSpots(spaces).map(({ name, zone, level, spots, sums }) => {
      const title = [zoneName(zones.get(zone) ?? { id: zone }), level].filter(Boolean).join(" · ");
      return html`<div key=${name} class="level-of">
        <h4>
          ${title} <span class="muted">${t("spaces.sums", {
            free: count(sums.free),
            occupied: count(sums.occupied),
            unknown: count(sums.unknown),
          })}</span>
        </h4>
        <ul class="spots" aria-label=${title}>
          ${spots.map((spot) => html`<${Spot} key=${spot.space} spot=${spot} />`)}
        </ul>
      </div>`;
    })}
  </section>`;
}

function Spot({ spot: { space, label, short, state, heard_at: heardAt, counted } }) {
  const heard = heardAt ? t("spot.heard", { time: clock(heardAt) }) : t("noDataEver");
  const beyond = counted ? "" : ` · ${t("spot.beyond")}`;
  return html`<li
    class="spot"
    data-state=${state}
    data-counted=${counted}
    title=${`${label ?? space}: ${t(`spot.${state}`)} · ${heard}${beyond}`}
  >
    <span aria-hidden="true">${MARKS[state]}</span>${short}<span class="unseen">
      ${t(`spot.${state}`)}${beyond}</span
    >
  </li>`;
}
