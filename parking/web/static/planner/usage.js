/* What the page asks the service for. Each time zone is asked for its own period: its days begin at
   other moments than those of another. */

import { listAll } from "../api.js";
import { addDays, bucketOf, comparedWith, startOf, wholeBucket } from "./period.js";

const MOST_NAMED = 100; // ids in an address, which proxies bound

/** Give the lots that a key may read, Map id → description; null for lots that are retired. */
export async function readLots(key, moment) {
  const from = new Date(moment - 3_600_000).toISOString();
  const parameters = { from, to: new Date(moment).toISOString(), bucket: "hour" };
  const [described, rows] = await Promise.all([
    listAll("v1/lots"),
    listAll("v1/usage", { key, parameters }),
  ]);
  const byId = new Map(described.map((lot) => [lot.id, lot]));
  return new Map([...new Set(rows.map((row) => row.lot))].map((id) => [id, byId.get(id) ?? null]));
}

/** Give the time zone of most lots. */
export function mainZone(lots) {
  const counts = new Map();
  for (const lot of lots.values()) {
    if (lot) counts.set(lot.timezone, (counts.get(lot.timezone) ?? 0) + 1);
  }
  const [first] = [...counts].sort(([, one], [, other]) => other - one);
  return first?.[0] ?? "UTC";
}

/** Give what to ask to hear of the lots that are wished for: [{zone, lots, district}]. */
export function partsOf(wish, lots) {
  const usual = mainZone(lots);
  const zoneOf = (id) => lots.get(id)?.timezone ?? usual;
  const inDistrict = ([, lot]) => wish.district === null || lot?.district === wish.district;
  const wanted = wish.lots.length > 0 ? wish.lots : [...lots].filter(inDistrict).map(([id]) => id);
  const zones = new Map();
  for (const id of wanted) {
    if (!zones.has(zoneOf(id))) zones.set(zoneOf(id), []);
    zones.get(zoneOf(id)).push(id);
  }
  if (zones.size <= 1 && wish.lots.length === 0) {
    return [{ zone: zones.keys().next().value ?? usual, lots: null, district: wish.district }];
  }
  return [...zones].flatMap(([zone, ids]) =>
    Array.from({ length: Math.ceil(ids.length / MOST_NAMED) }, (_, part) => {
      const named = ids.slice(part * MOST_NAMED, (part + 1) * MOST_NAMED);
      return { zone, lots: named.join(","), district: wish.district };
    }),
  );
}

/** Give the parameters of `GET /v1/usage` for a period of a part. */
export const parametersOf = (part, period, hours, bucket, by) => ({
  from: startOf(period.from, part.zone),
  to: startOf(addDays(period.to, 1), part.zone),
  bucket,
  by,
  hours,
  lots: part.lots,
  district: part.district,
});

/** Read all rows of a period, each with the `zone` whose calendar it is of. */
async function read(parts, period, hours, bucket, by, { key, signal }) {
  const pages = parts.map(async (part) => {
    const parameters = parametersOf(part, period, hours, bucket, by);
    const rows = await listAll("v1/usage", { key, signal, parameters });
    return rows.map((row) => ({ ...row, zone: part.zone }));
  });
  return (await Promise.all(pages)).flat();
}

/** Read what the page shows: {wish, zones, period, bucket, rows, week, whole, other}.

   `wish` is what was wished for, which may have changed when the answer comes. `whole` are rows of
   the period as one bucket, where it is one: lengths of stays do not add up.
   `other` is the same of the period to compare with, or null. */
export async function readView(wish, lots, options) {
  const parts = partsOf(wish, lots);
  const against = comparedWith(wish);
  const of = async (period) => {
    const [bucket, whole] = [bucketOf(period), wholeBucket(period)];
    const [rows, week, all] = await Promise.all([
      read(parts, period, wish.hours, bucket, "lot", options),
      read(parts, period, wish.hours, "hour_of_week", "district", options),
      whole && whole !== bucket ? read(parts, period, wish.hours, whole, "lot", options) : null,
    ]);
    return { period, bucket, rows, week, whole: all ?? (whole === bucket ? rows : null) };
  };
  const period = { from: wish.from, to: wish.to };
  const [own, other] = await Promise.all([of(period), against && of(against)]);
  const zones = [...new Set(parts.map((part) => part.zone))];
  return { ...own, wish, zones, other };
}
