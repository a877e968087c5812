/* Periods of whole days of the lots' own calendar: "2026-11-16" to "2026-11-22", both within. */

const DAY_MS = 86_400_000;
const FORM = /^\d{4}-\d{2}-\d{2}$/;
const offsets = new Map();

/** Whether a text is a date of the calendar, 1970 or later. */
export function isDate(text) {
  if (!FORM.test(text ?? "") || text < "1970-01-02") return false;
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

const utc = (date) => Date.parse(`${date}T00:00:00Z`);
const dateOf = (ms) => new Date(ms).toISOString().slice(0, 10);

/** Give the date so many days later. */
export const addDays = (date, days) => dateOf(utc(date) + days * DAY_MS);

/** Count the days of a period. */
export const daysOf = ({ from, to }) => Math.round((utc(to) - utc(from)) / DAY_MS) + 1;

/** Give the day of the week of a date, 0 for Monday. */
export const weekdayOf = (date) => (new Date(utc(date)).getUTCDay() + 6) % 7;

/** Give the moment as a time zone's clocks show it, such as "2026-11-16T08:00:00". */
export const wallClock = (ms, zone) => new Date(ms + offset(ms, zone)).toISOString().slice(0, 19);

/** Give when a date begins in a time zone, as RFC 3339 with its offset. */
export function startOf(date, zone) {
  const midnight = utc(date);
  const around = [midnight - DAY_MS, midnight + DAY_MS].map((ms) => midnight - offset(ms, zone));
  // Where clocks are set at midnight one of the two lies on the day before.
  const ms = Math.min(...around.filter((at) => wallClock(at, zone) >= date));
  const minutes = Math.round(offset(ms, zone) / 60_000);
  const two = (number) => String(Math.floor(Math.abs(number))).padStart(2, "0");
  const sign = minutes < 0 ? "-" : "+";
  return `${wallClock(ms, zone)}${sign}${two(minutes / 60)}:${two(Math.abs(minutes) % 60)}`;
}

function offset(ms, zone) {
  if (!offsets.has(zone)) {
    const options = {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    };
    offsets.set(zone, new Intl.DateTimeFormat("en-GB", options));
  }
  const parts = offsets.get(zone).formatToParts(ms);
  const part = (type) => Number(parts.find((one) => one.type === type).value);
  const shown = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return shown - Math.floor(ms / 1000) * 1000;
}

const firstOfMonth = (date) => `${date.slice(0, 7)}-01`;
const endOfMonth = (date) => addDays(firstOfMonth(addDays(firstOfMonth(date), 31)), -1);
const months = ({ from, to }) => from === firstOfMonth(from) && to === endOfMonth(to);
const weeks = ({ from, to }) => weekdayOf(from) === 0 && weekdayOf(to) === 6;

/** Give the periods that are near at hand, by their names. */
export function presets(today) {
  const monday = addDays(today, -weekdayOf(today));
  const lastMonth = addDays(firstOfMonth(today), -1);
  return {
    days7: { from: addDays(today, -6), to: today },
    days28: { from: addDays(today, -27), to: today },
    lastWeek: { from: addDays(monday, -7), to: addDays(monday, -1) },
    thisMonth: { from: firstOfMonth(today), to: endOfMonth(today) },
    lastMonth: { from: firstOfMonth(lastMonth), to: lastMonth },
  };
}

/** Give the bucket that the period is as a whole: "day", "week", "month", or null. */
export function wholeBucket(period) {
  const days = daysOf(period);
  if (days === 1) return "day";
  if (days === 7 && weeks(period)) return "week";
  return months(period) && days <= 31 ? "month" : null;
}

/** Give the bucket by which a period is told: some dozens of them, which fill it exactly. */
export function bucketOf(period) {
  const days = daysOf(period);
  if (days <= 3) return "hour";
  if (days <= 92) return "day";
  if (months(period)) return "month";
  return weeks(period) ? "week" : "day";
}

/** Give the period to compare with; null for none. `vs` is "before", "year", "own" or null. */
export function comparedWith({ from, to, vs, vsFrom, vsTo }) {
  if (vs === "before") {
    if (months({ from, to })) return monthsEarlier({ from, to }, monthsIn({ from, to }));
    const days = daysOf({ from, to });
    return { from: addDays(from, -days), to: addDays(to, -days) };
  }
  if (vs === "year") {
    if (months({ from, to })) return monthsEarlier({ from, to }, 12);
    return { from: addDays(from, -364), to: addDays(to, -364) }; // the same days of the week
  }
  return vs === "own" && isDate(vsFrom) && isDate(vsTo) && vsFrom <= vsTo
    ? { from: vsFrom, to: vsTo }
    : null;
}

const monthNumber = (date) => Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7)) - 1;
const monthsIn = ({ from, to }) => monthNumber(to) - monthNumber(from) + 1;

function monthsEarlier({ from, to }, count) {
  const moved = (date) => {
    const number = monthNumber(date) - count;
    const year = String(Math.floor(number / 12)).padStart(4, "0");
    return `${year}-${String((number % 12) + 1).padStart(2, "0")}-01`;
  };
  return { from: moved(from), to: endOfMonth(moved(to)) };
}
