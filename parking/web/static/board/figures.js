/* Numbers of the board as people read them: changes with their sign, rates, and none as a word. */

import { locale } from "../i18n.js";

/** Give a change with its sign: "+12", "−3", "0". */
export const signed = (value) =>
  new Intl.NumberFormat(locale(), { signDisplay: "exceptZero", maximumFractionDigits: 1 }).format(
    value,
  );

/** Give a number with a digit behind the point where it is small: "0.4", "12". */
export const rate = (value) =>
  new Intl.NumberFormat(locale(), { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
