/* Lots that a driver watches: told when one gets nearly full, once each time. */

import { recall, remember } from "../i18n.js";
import { findOther, isTight, look } from "./choice.js";

const KEPT = "parking.watches";
const MOST = 20;

/** Read which lots are watched. */
export function readWatches() {
  try {
    const kept = JSON.parse(recall(KEPT) ?? "[]");
    return Array.isArray(kept) ? kept.filter((lot) => typeof lot === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}

/** Keep which lots are watched. */
export function keepWatches(lots) {
  remember(KEPT, lots.length === 0 ? null : JSON.stringify(lots.slice(-MOST)));
}

/** Give the lots of which to tell now: those that are tight and were not when last judged.

   `known` is a Map from lot to whether it was tight, and is brought up to date; a lot that is not
   known to be either says nothing, and leaves what was known. */
export function judge(watched, lots, availability, wish, known) {
  const told = [];
  for (const id of known.keys()) if (!watched.includes(id)) known.delete(id);
  for (const id of watched) {
    const lot = lots.find((one) => one.id === id);
    if (lot === undefined) continue;
    const seen = look(lot, availability.get(id), wish);
    if (seen.availability === undefined || seen.against === "unknown") continue;
    const tight = isTight(seen);
    if (tight && known.get(id) !== true) told.push(id);
    known.set(id, tight);
  }
  return told;
}

/** Tell of a watched lot in words: {title, body}; `other` is the lot to take, or null. */
export function tell(id, lots, availability, wish, say) {
  const lot = lots.find((one) => one.id === id);
  if (lot === undefined) return null;
  const seen = look(lot, availability.get(id), wish);
  const other = findOther(lots, availability, wish, lot);
  return { lot, other, ...say(seen, other) };
}

/** Ask whether the system may show messages; called by a tap, as browsers want it. */
export function allowMessages() {
  if ("Notification" in window && Notification.permission === "default") {
    Notification.requestPermission().catch((error) => console.warn(error));
  }
}

/** Show a message of the system, where that is allowed; the page shows it anyway. */
export async function showMessage(id, { title, body }) {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const options = { body, tag: `parking-${id}`, renotify: true };
  const registration = await navigator.serviceWorker?.getRegistration();
  if (registration) await registration.showNotification(title, options);
  else new Notification(title, options);
}
