/* The log of a lot, newest first: what came, who sent it, and what does not count. */

import { askJson, Problem } from "../api.js";
import { clock } from "../formats.js";
import { refused } from "../signin/session.js";
import { Trouble } from "../ui.js";
import { html, useEffect, useState } from "../vendor/preact/htm-preact.js";
import { useAsked } from "./asked.js";
import { t, wordFor } from "./say.js";
import { Table } from "./table.js";

const TYPES = ["space", "passage", "count", "flag", "recount", "heartbeat", "status", "void"];
const SHOWN = 25;
const AGAIN_MS = 15_000;

/** Tell what an event says, in words. */
export function eventWords(event) {
  const { type } = event;
  const values = {
    space: () => t(event.occupied ? "spot.occupied" : "spot.free"),
    passage: () => t(`log.${event.direction}`, { n: event.count ?? 1 }),
    count: () =>
      event.free === undefined
        ? t("log.occupied", { n: event.occupied })
        : t("log.free", { n: event.free }),
    flag: () => t(`level.${event.level}`),
    recount: () => t("log.occupied", { n: event.occupied }),
    heartbeat: () => (event.battery_pct === undefined ? "" : `${event.battery_pct} %`),
    status: () => t(`log.${event.status}`),
    void: () => t("log.voids", { id: event.event }),
  };
  return [wordFor("type", type), values[type]?.()].filter(Boolean).join(": ");
}

/** The log below `path`; `change` changes when there may be more of it. */
export function Log({ path, session, change, onVoid }) {
  const [type, setType] = useState("");
  const [older, setOlder] = useState({ of: "", items: [], next: null });
  const [problem, setProblem] = useState(null);
  const what = `${path}/events ${type}`;
  const page = (cursor, limit, signal) =>
    askJson(`${path}/events`, { key: session.key, parameters: { type, limit, cursor }, signal });
  const newest = useAsked((signal) => page(null, SHOWN, signal), what, { every: AGAIN_MS, change });
  useEffect(() => setOlder({ of: what, items: [], next: null }), [what]);

  // What was asked for once more stays in its place while newer events come.
  const known = new Set(older.items.map(({ id }) => id));
  const first = (newest.value?.items ?? []).filter(({ id }) => !known.has(id));
  const items = [...first, ...older.items];
  const begun = older.of === what && older.items.length > 0;
  const next = begun ? older.next : newest.value?.next;
  const more = async () => {
    setProblem(null);
    try {
      const found = await page(next, 100);
      // All that is seen is kept from here on: the newest page moves on by itself.
      setOlder({ of: what, items: [...items, ...found.items], next: found.next });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      refused(error);
      setProblem(error);
    }
  };
  const trouble = problem ?? newest.problem;
  return html`<section aria-labelledby="log-title">
    <div class="log-head">
      <h3 id="log-title">${t("log")}</h3>
      <label>
        <span>${t("log.type")}</span>
        <select value=${type} onChange=${(event) => setType(event.currentTarget.value)}>
          <option value="">${t("log.all")}</option>
          ${TYPES.map((one) => html`<option key=${one} value=${one}>${wordFor("type", one)}</option>`)}
        </select>
      </label>
    </div>
    ${trouble && html`<${Trouble} problem=${trouble} onRetry=${newest.reload} />`}
    ${newest.value !== null && items.length === 0 && html`<p class="muted">${t("log.none")}</p>`}
    ${items.length > 0 &&
    html`<${Table}
      name="log"
      heading="log-title"
      columns=${["observed", "what", "where", "sensor", "by", "reason", "void"]}
    >
      ${items.map((event) => html`<${Row} key=${event.id} event=${event} onVoid=${onVoid} />`)}
    <//>`}
    ${next && html`<button type="button" onClick=${more}>${t("log.more")}</button>`}
  </section>`;
}

function Row({ event, onVoid }) {
  const words = eventWords(event);
  const time = clock(event.observed_at);
  const received = t("log.received", { time: clock(event.received_at) });
  const voided = event.voided_by !== null;
  return html`<tr data-voided=${voided} data-type=${event.type}>
    <td class="number" title=${`${event.observed_at} · ${received}`}>${time}</td>
    <td>${words}</td>
    <td>${event.space ?? event.zone ?? "–"}</td>
    <td>${event.sensor ?? "–"}</td>
    <td>${event.key}</td>
    <td>${event.reason ?? ""}</td>
    <td>
      ${voided
        ? html`<span title=${event.voided_by}>${t("log.voided")}</span>`
        : event.type !== "void" &&
          html`<button
            type="button"
            class="quiet"
            aria-label=${`${t("void")}: ${words}, ${time}`}
            onClick=${() => onVoid(event, `${words} · ${time}`)}
          >
            ${t("void")}
          </button>`}
    </td>
  </tr>`;
}
