/* Numbers, times and money as people read them. What is not known is a word, never a 0. */

import { now } from "./api.js";
import { locale, translator } from "./i18n.js";
import { useEffect, useState } from "./vendor/preact/htm-preact.js";
import { words } from "./words.js";

const t = translator(words);
const made = new Map();

/* Making a formatter takes a phone long, using one does not. */
function formatter(kind, options = {}) {
  const key = `${kind} ${locale()} ${JSON.stringify(options)}`;
  if (!made.has(key)) made.set(key, new Intl[kind](locale(), options));
  return made.get(key);
}

const STEPS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const DETOUR = 1.3; // streets against the line through the air
const WALK_M_PER_MIN = 80;

/** Give an age in words, such as "40 seconds ago", of something that was at `at` (ms, or RFC 3339). */
export function ago(at, present = now()) {
  const moment = typeof at === "string" ? Date.parse(at) : at;
  const seconds = Math.round((present - moment) / 1000);
  if (seconds < 1) return t("justNow");
  const [unit, length] = STEPS.find(([, size]) => seconds >= size);
  return formatter("RelativeTimeFormat").format(-Math.floor(seconds / length), unit);
}

/** Give a time of day, with its date when that is not today's. */
export function clock(at, present = now()) {
  const moment = new Date(at);
  const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const today = moment.toDateString() === new Date(present).toDateString();
  if (!today) Object.assign(options, { month: "short", day: "numeric" });
  return formatter("DateTimeFormat", options).format(moment);
}

/** Tell how old a lot's numbers are: "40 seconds ago", or "no data yet".

   An availability without `observed_at` is not known at all; `before` is when it last was, if the
   page has seen that: "no data since 08:10". */
export function freshness(availability, before = null, present = now()) {
  if (availability?.observed_at) return ago(availability.observed_at, present);
  return before ? t("noDataSince", { time: clock(before, present) }) : t("noDataEver");
}

/** Give a whole number, or a word when it is null. */
export function count(value) {
  if (value === null || value === undefined) return t("unknown");
  return formatter("NumberFormat").format(value);
}

/** Give a share 0…1 in per cent, or a word when it is null. */
export function percent(value, digits = 0) {
  if (value === null || value === undefined) return t("unknown");
  const options = { style: "percent", maximumFractionDigits: digits };
  return formatter("NumberFormat", options).format(value);
}

/** Give a distance: metres to the nearest ten below a kilometre, else kilometres. */
export function distance(metres) {
  const far = metres >= 995;
  const value = far ? metres / 1000 : Math.max(10, Math.round(metres / 10) * 10);
  return formatter("NumberFormat", {
    style: "unit",
    unit: far ? "kilometer" : "meter",
    maximumFractionDigits: far && metres < 9950 ? 1 : 0,
  }).format(value);
}

/** Give the minutes that a walk takes over a distance by air, at least 1. */
export function walkMinutes(metres) {
  return Math.max(1, Math.round((metres * DETOUR) / WALK_M_PER_MIN));
}

/** Give an amount of integer minor units, such as fen, of an ISO 4217 currency. */
export function money(minor, currency) {
  const format = formatter("NumberFormat", {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
    trailingZeroDisplay: "stripIfInteger", // older browsers write the zeros
  });
  return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
}

/** Hook: the present, drawn again every `milliseconds`, for ages to grow. */
export function useNow(milliseconds = 5000) {
  const [present, setPresent] = useState(now());
  useEffect(() => {
    const timer = setInterval(() => setPresent(now()), milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds]);
  return present;
}
