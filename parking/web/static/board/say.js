/* The board's words, with those that pages share. */

import { named, translator } from "../i18n.js";
import { html } from "../vendor/preact/htm-preact.js";
import { words as shared } from "../words.js";
import { words } from "./words.js";

export const t = translator(words, shared);

/** Give a zone's name, its id where it has none. */
export const zoneName = (zone) => named(zone.name) || zone.id;

/** Give a word for something of the service that a later version may have more kinds of. */
export function wordFor(group, kind) {
  const key = `${group}.${kind}`;
  return key in words.en ? t(key) : kind;
}

/** Words of ours, or where there are none (null) the service's text, which is English. */
export const Said = ({ words, text }) => words ?? html`<span lang="en">${text}</span>`;
