/* What the page shows, kept behind the # of its address: a link shows the same to somebody else.

   The key never stands there, and browsers do not send that part at all. */

import { isDate } from "./period.js";

const CHOICES = {
  hours: ["all", "open"],
  vs: [null, "before", "year", "own"],
  cells: ["occupancy", "coverage", "other", "difference"],
  measure: ["occupancy", "peak", "arrivals", "turnover", "stay", "full"],
  sort: ["occupancy", "peak", "full", "arrivals", "turnover", "stay", "coverage"],
};
const ID = /^[A-Za-z0-9._-]{1,64}$/;

/** What holds when the address says nothing; without a period the page takes the last four weeks. */
export const DEFAULTS = {
  from: null,
  to: null,
  district: null,
  lots: [],
  vsFrom: null,
  vsTo: null,
  ...Object.fromEntries(Object.entries(CHOICES).map(([name, values]) => [name, values[0]])),
};

/** Read an address's fragment; what is not valid is as if it were not there. */
export function readAddress(fragment) {
  const given = new URLSearchParams(fragment.replace(/^#/, ""));
  const wish = { ...DEFAULTS };
  for (const [from, to] of [
    ["from", "to"],
    ["vsFrom", "vsTo"],
  ]) {
    const [first, last] = [given.get(from), given.get(to)];
    if (isDate(first) && isDate(last) && first <= last)
      Object.assign(wish, { [from]: first, [to]: last });
  }
  const district = given.get("district");
  if (district !== null && ID.test(district)) wish.district = district;
  wish.lots = [...new Set((given.get("lots") ?? "").split(",").filter((id) => ID.test(id)))];
  for (const [name, values] of Object.entries(CHOICES)) {
    if (values.includes(given.get(name))) wish[name] = given.get(name);
  }
  return wish;
}

/** Write the fragment of what is shown. */
export function writeAddress(wish) {
  const made = new URLSearchParams();
  for (const [name, usual] of Object.entries(DEFAULTS)) {
    const value = name === "lots" ? wish.lots.join(",") : wish[name];
    if (value && value !== usual) made.set(name, value);
  }
  const text = made.toString().replaceAll("%2C", ",");
  return text && `#${text}`;
}
