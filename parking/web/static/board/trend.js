/* The last hour of each lot: what it showed at moments of the past, and what it shows now.

   The moments are whole multiples of five minutes, asked by `at=` once each, so that they are true
   after a reload, a pause, or a night without a network; the present comes from the live numbers. */

import { askJson, now, Problem } from "../api.js";
import { useEffect, useState } from "../vendor/preact/htm-preact.js";

export const HOUR_MS = 3_600_000;
const STEP_MS = 300_000;
const LOOK_MS = 15_000;
const MOST_LOTS = 400; // each lot at each moment is read from the log

/** Give the moments of the last hour, ms, newest first; the present is none of them. */
export function momentsOf(present) {
  const newest = Math.floor((present - 2000) / STEP_MS) * STEP_MS; // clocks differ a little
  const found = [];
  for (let at = newest; at > present - HOUR_MS; at -= STEP_MS) found.push(at);
  return found;
}

/** Give a lot's last hour as [{at, free, capacity}], oldest first; `free` null: it was not known. */
export function hourOf(past, lot, availability, present) {
  const point = (at, { free, capacity }) => ({ at, free, capacity });
  const then = momentsOf(present)
    .filter((at) => past.get(at)?.has(lot))
    .map((at) => point(at, past.get(at).get(lot)))
    .reverse();
  return [...then, point(present, availability)];
}

/** Give how the free spaces changed since the oldest known moment, as {change, minutes}, or null. */
export function changeOf(hour) {
  const last = hour[hour.length - 1];
  const first = hour.find(({ free }) => free !== null);
  if (last.free === null || first === last) return null;
  return { change: last.free - first.free, minutes: Math.round((last.at - first.at) / 60_000) };
}

/** Give the lines of known points as SVG paths, in a box of width × height, 0 spaces at its foot. */
export function pathsOf(hour, width, height) {
  const end = hour[hour.length - 1].at;
  const paths = [];
  let broken = true;
  for (const { at, free, capacity } of hour) {
    if (free === null) {
      broken = true;
      continue;
    }
    const x = width * (1 - (end - at) / HOUR_MS);
    const y = height * (1 - free / capacity);
    const place = `${x.toFixed(1)} ${y.toFixed(1)}`;
    if (broken) paths.push(`M${place}`);
    else paths[paths.length - 1] += `L${place}`;
    broken = false;
  }
  // A point alone is drawn as a short line.
  return paths.map((path) => (path.includes("L") ? path : `${path}h1.5`));
}

/** Hook: a Map from moment to a Map from lot to availability, filled moment by moment.

   `lots`: how many lots there are; `district`: only those in it. */
export function usePast(lots, district) {
  const [past, setPast] = useState({ district, moments: new Map() });
  const wanted = lots > 0 && lots <= MOST_LOTS;
  useEffect(() => {
    if (!wanted) return undefined;
    const stop = new AbortController();
    const moments = new Map();
    let busy = false;
    const look = async () => {
      if (busy || document.visibilityState === "hidden") return;
      busy = true;
      try {
        await fill(moments, district, stop.signal, () =>
          setPast({ district, moments: new Map(moments) }),
        );
      } catch (error) {
        // Away, busy, or no longer retained: what is there stays, the next look asks again.
        if (!stop.signal.aborted && !(error instanceof Problem)) throw error;
      } finally {
        busy = false;
      }
    };
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => {
      clearInterval(timer);
      stop.abort();
    };
  }, [wanted, district]);
  return past.district === district ? past.moments : new Map();
}

async function fill(moments, district, signal, tell) {
  const wanted = momentsOf(now());
  for (const old of [...moments.keys()].filter((at) => !wanted.includes(at))) moments.delete(old);
  for (const at of wanted.filter((one) => !moments.has(one))) {
    const parameters = { at: new Date(at).toISOString(), district };
    const { items } = await askJson("v1/availability", { parameters, signal });
    moments.set(at, new Map(items.map((item) => [item.lot, item])));
    tell();
  }
}
