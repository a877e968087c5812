/* What was found, in words: made of its kind and its numbers, as `/v1/quality` tells them. */

import { ago, count, percent } from "../formats.js";
import { translator } from "../i18n.js";
import { rate, span } from "./figures.js";
import { words } from "./findingwords.js";

const t = translator(words);
const whole = (value) => count(Math.round(value));

/* Each kind gives a word and its values; null where its numbers are those of another version. */
const FOUND = {
  silent({ since, facts: { silent_s: silent, unheard_s: unheard, usual_s: usual } }) {
    if (unheard === undefined) return ["never", {}];
    if (usual !== undefined) return ["silent.usual", { span: span(unheard), usual: span(usual) }];
    if (since !== null) return ["silent", { span: span(unheard) }];
    return ["silent.part", { span: span(silent) }];
  },

  stuck({ facts: { unchanged_s: unchanged, expected_changes: expected, ...facts } }) {
    const values = { span: span(unchanged), n: whole(expected) };
    if (facts.reading !== undefined) {
      return ["stuck.reading", { span: values.span, reading: count(facts.reading) }];
    }
    if (facts.occupied !== undefined) {
      return [facts.occupied ? "stuck.occupied" : "stuck.free", values];
    }
    if (facts.in === undefined) return null;
    return facts.in > 0
      ? ["stuck.out", { ...values, other: count(facts.in) }]
      : ["stuck.in", { ...values, other: count(facts.out) }];
  },

  flapping({ facts: { changes, flaps, swing } }) {
    if (changes !== undefined) return ["flapping", { changes: count(changes), n: count(flaps) }];
    return swing === undefined ? null : ["flapping.reading", { swing: count(swing), n: count(flaps) }];
  },

  inverted: ({ facts: { days, correlation } }) => [
    "inverted",
    { n: count(days), correlation: count(correlation) },
  ],

  out_of_range({ facts: { above, below } }) {
    if (above > 0 && below > 0) return ["range", { above: count(above), below: count(below) }];
    return above > 0 ? ["range.above", { n: count(above) }] : ["range.below", { n: count(below) }];
  },

  clock_offset: ({ facts: { offset_s: offset } }) => [
    offset > 0 ? "clock.behind" : "clock.ahead",
    { span: span(Math.abs(offset)) },
  ],

  duplicates: ({ facts: { duplicates, share } }) => [
    "duplicates",
    { n: count(duplicates), share: percent(share) },
  ],

  drift({ facts: { cars_per_day: best, low, high } }) {
    const [least, most] = [Math.abs(low), Math.abs(high)].sort((a, b) => a - b).map(rate);
    const values = { n: rate(Math.abs(best)), low: least, high: most };
    return [best > 0 ? "drift.more" : "drift.fewer", values];
  },
};

/** Tell what a finding says; null for what only a later or an earlier version can tell. */
export function findingWords(finding) {
  const told = Object.hasOwn(FOUND, finding.kind) ? FOUND[finding.kind](finding) : null;
  return told && t(`found.${told[0]}`, told[1]);
}

/** Tell why a zone should be counted, `capacity` its spaces; null as above. */
export function recountWords({ kind, estimate, error, counted_at: countedAt }, capacity) {
  switch (kind) {
    case "uncounted":
      return t("why.uncounted");
    case "impossible":
      return t("why.impossible", { level: count(estimate + error), capacity: count(capacity) });
    case "drift":
      return t("why.drift", { n: count(Math.abs(error)) });
    case "overdue":
      return t("why.overdue", { age: ago(countedAt) });
    default:
      return null;
  }
}
