/* Numbers of the board as people read them: changes with their sign, rates, lengths of time. */

import { locale } from "../i18n.js";

/** Give a change with its sign: "+12", "−3", "0". */
export const signed = (value) =>
  new Intl.NumberFormat(locale(), { signDisplay: "exceptZero", maximumFractionDigits: 1 }).format(
    value,
  );

/** Give a number with a digit behind the point where it is small: "0.4", "12". */
export const rate = (value) =>
  new Intl.NumberFormat(locale(), { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);

const UNITS = [
  ["second", 1, 90],
  ["minute", 60, 90 * 60],
  ["hour", 3600, 48 * 3600],
  ["day", 86_400, Infinity],
];

/** Give a length of so many seconds: "45 seconds", "40 minutes", "7.5 hours", "12 days". */
export function span(seconds) {
  const [unit, length] = UNITS.find(([, , end]) => seconds < end);
  return new Intl.NumberFormat(locale(), {
    style: "unit",
    unit,
    unitDisplay: "long",
    maximumFractionDigits: length > 60 ? 1 : 0,
  }).format(seconds / length);
}
