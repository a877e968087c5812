/* What the page shows, kept behind the # of its address: a link gives the same to somebody else.

   Browsers do not send that part, so no server learns where somebody wants to go. */

const CLASSES = ["general", "ev", "accessible", "women", "family", "truck", "bus", "motorcycle"];
const PLACE_DIGITS = 5; // a metre

/** What holds when the address says nothing. */
export const DEFAULTS = { place: null, class: null, height: null, minutes: 120, lot: null };

/** Read an address's fragment; what is not valid is as if it were not there. */
export function readAddress(fragment) {
  const given = new URLSearchParams(fragment.replace(/^#/, ""));
  const number = (name, least, most) => {
    const value = Number.parseFloat(given.get(name) ?? "");
    return value >= least && value <= most ? value : null;
  };
  const lat = number("lat", -90, 90);
  const lon = number("lon", -180, 180);
  return {
    place:
      lat === null || lon === null
        ? null
        : { lat, lon, from: "link", name: given.get("name")?.slice(0, 100) ?? null },
    class: CLASSES.includes(given.get("class")) ? given.get("class") : null,
    height: number("height", 0.5, 10),
    minutes: Math.round(number("stay", 1, 100_000) ?? DEFAULTS.minutes),
    lot: given.get("lot")?.slice(0, 64) || null,
  };
}

/** Write the fragment of what is shown; "" when all is as at first. */
export function writeAddress({ place, class: class_, height, minutes, lot }) {
  const made = new URLSearchParams();
  if (place) {
    made.set("lat", place.lat.toFixed(PLACE_DIGITS));
    made.set("lon", place.lon.toFixed(PLACE_DIGITS));
    if (place.name) made.set("name", place.name);
  }
  if (class_) made.set("class", class_);
  if (height) made.set("height", String(height));
  if (minutes !== DEFAULTS.minutes) made.set("stay", String(minutes));
  if (lot) made.set("lot", lot);
  const text = made.toString();
  return text && `#${text}`;
}
