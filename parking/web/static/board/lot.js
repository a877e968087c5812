/* One lot: its zones, spaces, sensors, quality and log, and what its operator may do with it. */

import { askJson, listAll } from "../api.js";
import { freshness } from "../formats.js";
import { named } from "../i18n.js";
import { Bar, Level, Trouble } from "../ui.js";
import { html, useEffect, useRef, useState } from "../vendor/preact/htm-preact.js";
import { Recount, Status, Void } from "./actions.js";
import { useAsked } from "./asked.js";
import { Findings, Quality } from "./quality.js";
import { Log } from "./log.js";
import { mayRun } from "./rights.js";
import { t } from "./say.js";
import { Sensors } from "./sensors.js";
import { Spots } from "./spaces.js";
import { Chips, Free, perMinute, Trend } from "./tile.js";
import { Zones } from "./zones.js";

const AGAIN_MS = 30_000;

/** The view of a lot; `onBack` leads to all of them, `onChanged` is told that something was stored. */
export function LotView({ entry, past, session, lastHeard, onBack, onChanged }) {
  const { lot, name, availability, quality, troubles, events } = entry;
  const may = mayRun(session, lot);
  const path = `v1/lots/${encodeURIComponent(lot.id)}`;
  const [asked, setAsked] = useState(null); // what is asked of whoever looks, such as a recount
  const [done, setDone] = useState("");
  const title = useRef(null);
  useEffect(() => title.current.focus(), [lot.id]);

  const own = { every: AGAIN_MS, change: availability };
  const { key } = session;
  const zones = useAsked((signal) => askJson(`${path}/availability`, { signal }), path, own);
  const spots = useAsked(
    (signal) => listAll(`${path}/spaces`, { key, signal }),
    may && lot.zones.some((zone) => zone.counting === "spaces") ? `${path}/spaces` : null,
    own,
  );
  const sensors = useAsked(
    (signal) => listAll(`${path}/sensors`, { key, signal }),
    may ? `${path}/sensors` : null,
    { every: AGAIN_MS },
  );
  const [logged, setLogged] = useState(0);
  const finish = (words) => {
    setDone(words);
    setLogged((number) => number + 1);
    zones.reload();
    onChanged();
  };
  const close = () => setAsked(null);
  const common = { session, lot: lot.id, onDone: finish, onClose: close };
  const closed = availability.status === "closed";

  return html`<article class="lot-view" aria-labelledby="lot-title">
    <header class="lot-top">
      <button type="button" class="quiet" onClick=${onBack}>← ${t("back")}</button>
      <h2 id="lot-title" ref=${title} tabindex="-1">${name}</h2>
      <${Level} level=${availability.level} />
      ${may &&
      html`<div class="lot-acts">
        ${["closed", "open"].map(
          (status) =>
            html`<button
              key=${status}
              type="button"
              class=${(status === "closed") === closed ? "quiet" : ""}
              onClick=${() => setAsked({ what: "status", status })}
            >
              ${t(`status.${status}`)}
            </button>`,
        )}
      </div>`}
    </header>
    <p class="done" role="status">${done}</p>
    <section class="card lot-now" aria-label=${t("now")}>
      <div><${Free} numbers=${availability} /><${Bar} ...${availability} /></div>
      <${Trend} past=${past} lot=${lot.id} availability=${availability} />
      <dl class="facts">
        ${[
          ["heard", freshness(availability, lastHeard)],
          ["events", events === undefined ? null : perMinute(events)],
          ["operator", lot.operator],
          ["kind", t(`kind.${lot.kind}`)],
          ["district", lot.district],
          ["address", named(lot.address)],
        ]
          .filter(([, value]) => value)
          .map(([fact, value]) => html`<div key=${fact}><dt>${t(`fact.${fact}`)}</dt><dd>${value}</dd></div>`)}
      </dl>
      <${Chips} troubles=${troubles} />
    </section>
    <${Zones}
      lot=${lot}
      told=${zones}
      quality=${quality}
      onRecount=${may ? (zone, estimate) => setAsked({ what: "recount", zone, estimate }) : null}
    />
    ${quality && html`<${Quality} quality=${quality} />`}
    ${quality && html`<${Findings} quality=${quality} />`}
    ${!may && html`<p class="muted note">${t(`note.${session.role}`)}</p>`}
    ${may && spots.value && html`<${Spots} lot=${lot} spaces=${spots.value} />`}
    ${may && spots.problem && html`<${Trouble} problem=${spots.problem} onRetry=${spots.reload} />`}
    ${may && html`<${Sensors} told=${sensors} lot=${lot} />`}
    ${may &&
    html`<${Log}
      path=${path}
      session=${session}
      change=${`${logged} ${availability.observed_at} ${availability.free}`}
      onVoid=${(event, words) => setAsked({ what: "void", event, words })}
    />`}
    ${asked?.what === "recount" &&
    html`<${Recount} ...${common} zone=${asked.zone} estimate=${asked.estimate} />`}
    ${asked?.what === "status" &&
    html`<${Status} ...${common} name=${name} status=${asked.status} />`}
    ${asked?.what === "void" &&
    html`<${Void} ...${common} event=${asked.event} words=${asked.words} />`}
  </article>`;
}

/** What stands where a lot was asked for that is not there. */
export function NoLot({ onBack }) {
  return html`<p>
    ${t("lot.none")} <button type="button" onClick=${onBack}>← ${t("back")}</button>
  </p>`;
}
