/* What the board shows, kept behind the # of its address: a wall display opens where it was. */

const VIEWS = ["lots", "keys"];
const SCOPES = ["own", "all"];

/** What holds when the address says nothing; `scope` null: an operator's own lots, else all. */
export const DEFAULTS = { view: "lots", lot: null, district: null, scope: null };

/** Read an address's fragment; what is not valid is as if it were not there. */
export function readAddress(fragment) {
  const given = new URLSearchParams(fragment.replace(/^#/, ""));
  const one = (name, among) => (among.includes(given.get(name)) ? given.get(name) : DEFAULTS[name]);
  return {
    view: one("view", VIEWS),
    lot: given.get("lot")?.slice(0, 64) || null,
    district: given.get("district")?.slice(0, 64) || null,
    scope: one("scope", SCOPES),
  };
}

/** Write the fragment of what is shown; "" when all is as at first. */
export function writeAddress(shown) {
  const made = new URLSearchParams();
  for (const name of Object.keys(DEFAULTS)) {
    if (shown[name] !== DEFAULTS[name]) made.set(name, shown[name]);
  }
  const text = made.toString();
  return text && `#${text}`;
}
