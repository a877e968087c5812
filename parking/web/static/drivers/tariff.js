/* What a stay costs. Amounts are integer minor units (fen) of the tariff's currency. */

const DAY_MIN = 1440;

/** Give the price of a stay of so many minutes; null when the tariff does not say.

   A stay of up to `free_minutes` costs nothing; a longer one is charged for all of its minutes: by the
   first step that covers it, beyond the last one by each `then_per_minutes` that is begun. No 24 hours
   from the entry on cost more than `daily_cap`; each begins the steps anew, but is not free again. */
export function price(tariff, minutes) {
  if (!tariff) return null;
  if (minutes <= tariff.free_minutes) return 0;
  if (tariff.daily_cap === null) return uncapped(tariff, minutes);
  const days = Math.floor(minutes / DAY_MIN);
  const rest = minutes - days * DAY_MIN;
  const ofDay = days > 0 ? uncapped(tariff, DAY_MIN) : 0;
  const ofRest = rest > 0 ? uncapped(tariff, rest) : 0;
  if (ofDay === null || ofRest === null) return null;
  return days * Math.min(ofDay, tariff.daily_cap) + Math.min(ofRest, tariff.daily_cap);
}

function uncapped({ steps, then_per_minutes: each, then_price: more }, minutes) {
  const step = steps.find(({ up_to_minutes: limit }) => minutes <= limit);
  if (step !== undefined) return step.price;
  if (each === null) return null;
  const last = steps[steps.length - 1] ?? { up_to_minutes: 0, price: 0 };
  return last.price + Math.ceil((minutes - last.up_to_minutes) / each) * more;
}
