/* What a driver needs: the kind of space, the car's height, the length of the stay. */

import { html, useState } from "../vendor/preact/htm-preact.js";
import { stayWords, t } from "./card.js";

const STAYS = [30, 60, 120, 240, 480, 720, 1440, 2880];

/** The choices; `classes` are those that there are, `onChange` is told of what changes of the wish. */
export function Filters({ wish, classes, onChange }) {
  const offered = wish.class && !classes.includes(wish.class) ? [...classes, wish.class] : classes;
  const stays = [...new Set([...STAYS, wish.minutes])].sort((a, b) => a - b);
  // As typed, so that "2." can become "2.1"; what is no height is none.
  const [typed, setTyped] = useState(wish.height === null ? "" : String(wish.height));
  const setHeight = (event) => {
    setTyped(event.currentTarget.value);
    const height = Number.parseFloat(event.currentTarget.value);
    onChange({ height: height >= 0.5 && height <= 10 ? height : null });
  };
  return html`<form class="filters" aria-label=${t("filters")} onSubmit=${(e) => e.preventDefault()}>
    <label>
      <span>${t("class")}</span>
      <select
        value=${wish.class ?? ""}
        onChange=${(event) => onChange({ class: event.currentTarget.value || null })}
      >
        <option value="">${t("class.all")}</option>
        ${offered.map((name) => html`<option key=${name} value=${name}>${t(`class.${name}`)}</option>`)}
      </select>
    </label>
    <label>
      <span>${t("height")}</span>
      <input
        type="number"
        inputmode="decimal"
        min="0.5"
        max="10"
        step="0.05"
        placeholder=${t("height.any")}
        value=${typed}
        onInput=${setHeight}
      />
    </label>
    <label>
      <span>${t("stay")}</span>
      <select
        value=${wish.minutes}
        onChange=${(event) => onChange({ minutes: Number(event.currentTarget.value) })}
      >
        ${stays.map((one) => html`<option key=${one} value=${one}>${stayWords(one)}</option>`)}
      </select>
    </label>
  </form>`;
}
