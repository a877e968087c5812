/* Languages: Chinese and English, by what the browser asks for, or by the switch, which is kept.

   A page's words stand in a table of its own: export const words = {zh: {...}, en: {...}}, both with
   the same keys (a test sees to it). A word may hold {name} for a value, and in English be
   {one: "...", other: "..."}, chosen by the value `n`. */

import { useEffect, useState } from "./vendor/preact/htm-preact.js";

export const LANGUAGES = ["zh", "en"];
const KEPT = "parking.language";
const LOCALES = { zh: "zh-CN", en: "en-GB" };
const PLURALS = { zh: new Intl.PluralRules("zh"), en: new Intl.PluralRules("en") };
const listeners = new Set();

/** Give the language to begin with: the one kept, else the first asked for that we speak. */
export function firstLanguage(kept, asked) {
  if (LANGUAGES.includes(kept)) return kept;
  for (const tag of asked) {
    const language = tag.toLowerCase().split("-")[0];
    if (LANGUAGES.includes(language)) return language;
  }
  return "en";
}

/** Read what this browser keeps for us; null where it keeps nothing, or refuses to. */
export function recall(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Keep something in this browser; null forgets it. A browser may refuse: then it lasts for now. */
export function remember(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    /* A private window: the choice holds until the page is closed. */
  }
}

let current = firstLanguage(recall(KEPT), navigator.languages ?? [navigator.language]);
document.documentElement.lang = LOCALES[current];

export const language = () => current;
export const locale = () => LOCALES[current];

/** Speak another language from now on, on all pages. */
export function setLanguage(wanted) {
  current = wanted;
  document.documentElement.lang = LOCALES[wanted];
  remember(KEPT, wanted);
  for (const listener of listeners) listener(wanted);
}

/** Hook: the language; the component is drawn again when it changes. Use it once, at the top. */
export function useLanguage() {
  const [known, setKnown] = useState(current);
  useEffect(() => {
    listeners.add(setKnown);
    return () => listeners.delete(setKnown);
  }, []);
  return known;
}

/** Give t(key, values) for a table of words, or for several, of which the first that has it tells. */
export function translator(...tables) {
  return (key, values = {}) => {
    const table = tables.find((one) => key in one[current]);
    if (table === undefined) throw new Error(`no word for ${key}`);
    let word = table[current][key];
    if (typeof word === "object") {
      word = word[PLURALS[current].select(values.n)] ?? word.other;
    }
    return word.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
  };
}

/** Give a name from a map of languages such as {"zh": "东站P1"}: in ours, else any; "" for none. */
export function named(names) {
  if (!names) return "";
  return names[current] ?? names.en ?? names.zh ?? Object.values(names)[0] ?? "";
}
