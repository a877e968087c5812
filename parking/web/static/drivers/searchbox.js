/* The field to search lots and places with: a combobox as WAI-ARIA has it, with suggestions below. */

import { named } from "../i18n.js";
import { html, useMemo, useState } from "../vendor/preact/htm-preact.js";
import { t } from "./card.js";
import { find, placesOf } from "./search.js";

/** The field; `onFind(place)` is told of what was chosen, `name` is what is chosen now. */
export function SearchBox({ lots, name, onFind, onClear }) {
  const places = useMemo(() => placesOf(lots), [lots]);
  const [typed, setTyped] = useState(null);
  const [marked, setMarked] = useState(0);
  const found = typed === null ? [] : find(places, typed);
  const open = typed !== null && typed.trim() !== "";

  const choose = (place) => {
    setTyped(null);
    if (place) onFind({ ...place, name: place.lot ? named(place.lot.name) : place.names[0] });
  };
  const onKey = (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps && found.length > 0) {
      event.preventDefault();
      setMarked((marked + steps[event.key] + found.length) % found.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(found[marked]);
    } else if (event.key === "Escape") {
      setTyped(null);
    }
  };

  return html`<div class="search" role="search">
    <label class="unseen" for="search">${t("search")}</label>
    <input
      id="search"
      type="search"
      role="combobox"
      autocomplete="off"
      placeholder=${t("search")}
      title=${t("search.hint")}
      aria-expanded=${open && found.length > 0}
      aria-controls="found"
      aria-autocomplete="list"
      aria-activedescendant=${open && found.length > 0 ? `found-${marked}` : null}
      value=${typed ?? name ?? ""}
      onInput=${(event) => {
        setTyped(event.currentTarget.value);
        setMarked(0);
        if (event.currentTarget.value === "") onClear();
      }}
      onKeyDown=${onKey}
      onBlur=${() => setTyped(null)}
    />
    <ul id="found" role="listbox" aria-label=${t("search")} hidden=${!open || found.length === 0}>
      ${found.map(
        (place, index) => html`<li
          key=${`${place.kind} ${place.id}`}
          id=${`found-${index}`}
          role="option"
          aria-selected=${index === marked}
          onMouseDown=${(event) => {
            event.preventDefault(); // the field keeps the focus until the choice is made
            choose(place);
          }}
        >
          <span>${place.lot ? named(place.lot.name) : place.names[place.names.length - 1]}</span>
          <span class="muted">
            ${place.lot?.address ? named(place.lot.address) : t(`search.${place.kind}`)}
          </span>
        </li>`,
      )}
    </ul>
    <p class="unseen" role="status">
      ${open ? (found.length === 0 ? t("search.none") : t("search.count", { n: found.length })) : ""}
    </p>
    ${open && found.length === 0 && html`<p class="search-none muted">${t("search.none")}</p>`}
  </div>`;
}
