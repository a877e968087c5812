/* The sensors of a lot: those that are not well first. */

import { count, freshness } from "../formats.js";
import { Trouble } from "../ui.js";
import { html, useState } from "../vendor/preact/htm-preact.js";
import { t, wordFor, zoneName } from "./say.js";
import { Table } from "./table.js";

const STATES = ["silent", "stuck", "never_heard", "ok"];
const SHOWN = 50;

/** Sort sensors: those in trouble first, then by where they are. */
export function sortSensors(sensors) {
  const place = ({ state, findings }) => {
    const at = STATES.indexOf(state);
    return state === "ok" && findings.length > 0 ? 2.5 : at;
  };
  const name = ({ zone, space, sensor }) => `${zone ?? ""} ${space ?? ""} ${sensor ?? ""}`;
  return [...sensors].sort(
    (a, b) =>
      place(a) - place(b) || name(a).localeCompare(name(b), undefined, { numeric: true }),
  );
}

/** The table; `told` is {value, problem, reload} of the lot's sensors. */
export function Sensors({ told, lot }) {
  const [shown, setShown] = useState(SHOWN);
  if (told.value === null) {
    return told.problem && html`<${Trouble} problem=${told.problem} onRetry=${told.reload} />`;
  }
  const zones = new Map(lot.zones.map((zone) => [zone.id, zone]));
  const sorted = sortSensors(told.value);
  const unwell = sorted.filter(({ state }) => state !== "ok").length;
  const rest = sorted.length - shown;
  return html`<section aria-labelledby="sensors-title">
    <h3 id="sensors-title">${t("sensors")}</h3>
    <p class="muted">${t("sensors.sums", { n: count(sorted.length), unwell: count(unwell) })}</p>
    ${sorted.length > 0 &&
    html`<${Table}
      name="sensors"
      heading="sensors-title"
      columns=${["sensor", "where", "state", "heard", "battery", "signal", "found"]}
    >
      ${sorted.slice(0, shown).map((one) => html`<${Row} one=${one} zones=${zones} />`)}
    <//>`}
    ${rest > 0 &&
    html`<button type="button" onClick=${() => setShown(shown + 200)}>
      ${t("more", { n: Math.min(200, rest) })}
    </button>`}
  </section>`;
}

function Row({ one, zones }) {
  const where = one.space ?? (one.zone && zoneName(zones.get(one.zone) ?? { id: one.zone }));
  return html`<tr data-state=${one.state}>
    <th scope="row">${one.sensor ?? t("sensor.unnamed")}</th>
    <td>${where ?? t("lot.whole")}</td>
    <td><span class="state" data-state=${one.state}>${wordFor("state", one.state)}</span></td>
    <td>${freshness({ observed_at: one.heard_at })}</td>
    <td class="number">${one.battery_pct === null ? "–" : `${one.battery_pct} %`}</td>
    <td class="number">${one.rssi_dbm === null ? "–" : `${one.rssi_dbm} dBm`}</td>
    <td>${one.findings.map(({ kind }) => wordFor("kind", kind)).join(" · ") || "–"}</td>
  </tr>`;
}
