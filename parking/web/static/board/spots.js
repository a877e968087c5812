/* Spaces by zone and level: what stands before the last dash of a label, "B1" of "B1-001". */

/** Give a label's level and what is left of it; level "" when it tells none. */
export function levelOf(label) {
  const found = /^(.+)[-_ .]([^-_ .]+)$/.exec(label);
  return found === null ? ["", label] : [found[1], found[2]];
}

/** Group a lot's spaces as [{zone, level, spots: [{...space, short, state}], sums}], in their order. */
export function groupSpots(spaces) {
  const groups = new Map();
  for (const space of spaces) {
    const [level, short] = levelOf(space.label ?? space.space);
    const name = `${space.zone} ${level}`;
    if (!groups.has(name)) {
      const sums = { free: 0, occupied: 0, unknown: 0 };
      groups.set(name, { name, zone: space.zone, level, spots: [], sums });
    }
    const group = groups.get(name);
    const state = space.occupied === null ? "unknown" : space.occupied ? "occupied" : "free";
    group.spots.push({ ...space, short, state });
    group.sums[state] += 1;
  }
  return [...groups.values()];
}
