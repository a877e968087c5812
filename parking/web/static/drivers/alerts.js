/* What a driver is told of watched lots, on the page, and by the system where that is allowed. */

import { count, distance } from "../formats.js";
import { language, named } from "../i18n.js";
import { html, useEffect, useRef, useState } from "../vendor/preact/htm-preact.js";
import { t } from "./card.js";
import { firstApp, target, way } from "./navigation.js";
import { allowMessages, judge, keepWatches, readWatches, showMessage, tell } from "./watches.js";

/** Hook: what is watched and what was told: {watched, toggle(id), alerts, close(id), ...}. */
export function useWatches(lots, live, wish) {
  const [watched, setWatched] = useState(readWatches);
  const [alerts, setAlerts] = useState([]);
  const known = useRef(new Map());
  const toggle = (id) => {
    const on = !watched.includes(id);
    const next = on ? [...watched, id] : watched.filter((one) => one !== id);
    if (on) allowMessages();
    keepWatches(next);
    setWatched(next);
    setAlerts((before) => before.filter((one) => one !== id));
  };
  const close = (id) => setAlerts((before) => before.filter((one) => one !== id));
  useEffect(() => {
    const told = judge(watched, lots, live.lots, wish, known.current);
    for (const id of told) showMessage(id, tell(id, lots, live.lots, wish, words));
    if (told.length > 0) setAlerts((before) => [...new Set([...before, ...told])]);
  });
  return { watched, toggle, alerts, close, lots, availability: live.lots };
}

/** Give a lot's state and the other to take in words: {title, body}. */
function words({ lot, numbers, against }, other) {
  const name = named(lot.name);
  const free = numbers?.free ?? null;
  let title = free === null ? t("alert.level", { name }) : t("alert.tight", { name, free: count(free) });
  if (against === "full" || against === "closed") title = t(`alert.${against}`, { name });
  if (other === null) return { title, body: t("alert.noOther") };
  const body = t("alert.other", {
    name: named(other.lot.name),
    free: count(other.numbers.free),
    distance: distance(other.distance),
  });
  return { title, body };
}

/** The messages that are not closed yet, with their numbers as they are now. */
export function Alerts({ watches, wish, onShow }) {
  const told = watches.alerts
    .map((id) => ({ id, ...tell(id, watches.lots, watches.availability, wish, words) }))
    .filter(({ title }) => title !== undefined);
  return html`<div class="alerts" role="alert">
    ${told.map(
      ({ id, title, body, other }) => html`<div key=${id} class="alert card">
        <p><strong>${title}</strong></p>
        <p>${body}</p>
        <div class="actions">
          ${other &&
          html`<a
              class="button primary"
              href=${way(firstApp(language()), target(other.lot, wish.place), named(other.lot.name))}
              target="_blank"
              rel="noopener noreferrer"
              >${t("navigate")}: ${named(other.lot.name)}</a
            >
            <button type="button" onClick=${() => onShow(other.lot.id)}>
              ${t("alert.show")}
            </button>`}
          <button type="button" onClick=${() => watches.close(id)}>${t("close")}</button>
        </div>
      </div>`,
    )}
  </div>`;
}
