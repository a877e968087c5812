/* What is wrong with a lot, and which lots come first: those that somebody should look at.

   Pure: from a lot's availability, and its latest day of quality (null: not judged, or not told). */

const WEIGHTS = {
  unknown: 100, // nothing is known now
  silent: 60,
  stuck: 50,
  inverted: 50,
  out_of_range: 50,
  flapping: 45,
  clock_offset: 40,
  part: 30, // of some spaces nothing is known now
  drift: 25,
  recount: 20,
  duplicates: 10,
};
export const KINDS = Object.keys(WEIGHTS);
/** From this weight on a lot is in trouble; below it is a hint. */
export const GRAVE = 30;

/** Whether nothing at all is known of a lot now. */
export const isUnknown = (availability) => availability.observed_at === null;

/** List what is wrong, worst first, as {kind, n, weight}; `n`: of how many spaces or things. */
export function troublesOf(availability, quality) {
  const found = new Map();
  const add = (kind, n) => {
    const before = found.get(kind)?.n ?? 0;
    found.set(kind, { kind, n: before + n, weight: WEIGHTS[kind] ?? GRAVE });
  };
  if (isUnknown(availability)) add("unknown", availability.unknown);
  else if (availability.free !== null && availability.unknown > 0) add("part", availability.unknown);
  for (const finding of quality?.findings ?? []) add(finding.kind, 1);
  for (const zone of quality?.recounts ?? []) if (zone) add("recount", 1);
  return [...found.values()].sort((a, b) => b.weight - a.weight);
}

/** How bad it is: the weight of the worst, 0 when all is well. */
export const severity = (troubles) => troubles[0]?.weight ?? 0;

/** Sort entries {troubles, quality, name}: what is grave first, the lower score first, by name. */
export function byNeed(a, b) {
  const grave = (one) => (severity(one.troubles) >= GRAVE ? severity(one.troubles) : 0);
  const score = (one) => one.quality?.score ?? 101;
  return (
    grave(b) - grave(a) ||
    (grave(a) > 0 ? score(a) - score(b) : 0) ||
    a.name.localeCompare(b.name, undefined, { numeric: true })
  );
}

/** Sum lots up: spaces, and what of them is free, unknown, or not told at all. */
export function totals(list) {
  const sums = { capacity: 0, free: 0, unknown: 0, lots: list.length, known: 0, troubled: 0 };
  for (const { availability, troubles } of list) {
    sums.capacity += availability.capacity;
    sums.unknown += availability.unknown;
    sums.free += availability.free ?? 0;
    sums.known += availability.free === null ? 0 : 1;
    sums.troubled += severity(troubles) >= GRAVE ? 1 : 0;
  }
  return { ...sums, free: sums.known === 0 ? null : sums.free };
}

/** Give the score of several lots, each weighed by its capacity; null when none is judged. */
export function meanScore(list) {
  const judged = list.filter(({ quality }) => quality);
  const weight = judged.reduce((sum, { availability }) => sum + availability.capacity, 0);
  if (weight === 0) return null;
  const points = judged.reduce(
    (sum, { availability, quality }) => sum + availability.capacity * quality.score,
    0,
  );
  return points / weight;
}
