/* Which lots to show, in which order, and why one does not suit. Pure: what is known comes in. */

import { distanceM } from "../geo.js";
import { price } from "./tariff.js";

/** Put lots in order for a driver: those that suit first, the nearest first.

   `wish` is {place, class, height, minutes}; `availability` a Map by lot. Gives for each
   {lot, availability, distance, numbers, price, against}: `numbers` are those of the class asked for,
   `against` is null for a lot that suits, else why not: "closed", "class", "height", "full", "unknown". */
export function choose(lots, availability, wish) {
  return lots
    .map((lot) => look(lot, availability.get(lot.id), wish))
    .sort((a, b) => (a.against === null ? 0 : 1) - (b.against === null ? 0 : 1) || order(a, b));
}

function order(a, b) {
  if (a.distance !== b.distance) return a.distance - b.distance;
  return a.lot.id < b.lot.id ? -1 : 1;
}

/** Look at one lot for a driver. */
export function look(lot, availability, wish) {
  const numbers = numbersOf(availability, wish.class);
  return {
    lot,
    availability,
    numbers,
    distance: wish.place ? distanceM(wish.place, lot.location) : 0,
    price: price(lot.tariff, wish.minutes),
    against: findAgainst(lot, availability, numbers, wish),
  };
}

/** Give the numbers of a class, or of all; null when nothing was told. */
export function numbersOf(availability, class_) {
  if (availability === undefined) return null;
  return class_ ? (availability.classes[class_] ?? null) : availability;
}

function findAgainst(lot, availability, numbers, wish) {
  if (wish.class && !lot.zones.some((zone) => zone.class === wish.class)) return "class";
  if (wish.height && lot.max_height_m !== null && wish.height > lot.max_height_m) return "height";
  if (availability === undefined) return "unknown";
  if (availability.status === "closed") return "closed";
  if (numbers === null || numbers.free === null) {
    // A lot that tells levels alone: "has space" is as good as it gets, for any class.
    if (availability.level === "full") return "full";
    return availability.level === "unknown" ? "unknown" : null;
  }
  if (numbers.free > 0) return null;
  return numbers.unknown > 0 ? "unknown" : "full";
}

/** Whether a lot is nearly full for a driver: by its own word, or by the numbers of the class. */
export function isTight({ availability, numbers, against }) {
  if (against === "full" || against === "closed") return true;
  if (numbers === null || numbers.free === null || numbers.occupied === null) {
    return availability?.level === "limited";
  }
  return numbers.free < Math.max(1, 0.1 * (numbers.occupied + numbers.free));
}

/** Find the lot to take in the place of another: the nearest to it that suits and is not tight. */
export function findOther(lots, availability, wish, lot) {
  const nearIt = { ...wish, place: lot.location };
  return (
    choose(lots, availability, nearIt).find(
      (seen) =>
        seen.lot.id !== lot.id && seen.against === null && seen.numbers?.free > 0 && !isTight(seen),
    ) ?? null
  );
}

/** Give the level to show of a lot for a driver: its own, or that of the class asked for. */
export function levelOf({ availability, numbers }) {
  if (availability === undefined) return "unknown";
  if (availability.status === "closed" || numbers === availability) return availability.level;
  if (numbers === null || numbers.free === null) return "unknown";
  if (numbers.free === 0 && numbers.unknown === 0) return "full";
  return isTight({ availability, numbers, against: null }) ? "limited" : "available";
}
