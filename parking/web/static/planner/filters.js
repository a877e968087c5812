/* What is asked for: period, district, lots, hours, and what to compare with. */

import { html, useEffect, useState } from "../vendor/preact/htm-preact.js";
import { isDate, presets } from "./period.js";
import { lotName, t } from "./writing.js";

const MOST_LISTED = 100;

/** The form; every change that is valid is told by onChange. */
export function Filters({ wish, lots, today, onChange }) {
  const districts = [
    ...new Set([...lots.values()].map((lot) => lot?.district).filter(Boolean)),
  ].sort();
  const choice = (name) => (event) => onChange({ [name]: event.target.value || null });
  return html`<form class="card asking" onSubmit=${(event) => event.preventDefault()}>
    <fieldset>
      <legend>${t("period")}</legend>
      <${Dates} from=${wish.from} to=${wish.to} onChange=${onChange} />
      <div class="presets">
        ${Object.entries(presets(today)).map(
          ([name, period]) =>
            html`<button
              key=${name}
              type="button"
              aria-pressed=${period.from === wish.from && period.to === wish.to}
              onClick=${() => onChange(period)}
            >
              ${t(`preset.${name}`)}
            </button>`,
        )}
      </div>
    </fieldset>
    <div class="choices">
      <label>
        ${t("district")}
        <select
          name="district"
          value=${wish.district ?? ""}
          onChange=${(event) => onChange({ district: event.target.value || null, lots: [] })}
        >
          <option value="">${t("district.all")}</option>
          ${districts.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
        </select>
      </label>
      <label>
        ${t("hours")}
        <select name="hours" value=${wish.hours} onChange=${choice("hours")}>
          ${["all", "open"].map((one) => html`<option key=${one} value=${one}>${t(`hours.${one}`)}</option>`)}
        </select>
      </label>
      <label>
        ${t("vs")}
        <select name="vs" value=${wish.vs ?? ""} onChange=${choice("vs")}>
          <option value="">${t("vs.none")}</option>
          ${["before", "year", "own"].map((one) => html`<option key=${one} value=${one}>${t(`vs.${one}`)}</option>`)}
        </select>
      </label>
    </div>
    ${
      wish.vs === "own" &&
      html`<fieldset>
        <legend>${t("vs.own")}</legend>
        <${Dates}
          from=${wish.vsFrom}
          to=${wish.vsTo}
          onChange=${({ from, to }) => onChange({ vsFrom: from, vsTo: to })}
        />
      </fieldset>`
    }
    <${LotPicker} wish=${wish} lots=${lots} onChange=${onChange} />
  </form>`;
}

/** Two dates; what is typed stays until both are dates in their order. */
function Dates({ from, to, onChange }) {
  const [typed, setTyped] = useState({ from: from ?? "", to: to ?? "" });
  useEffect(() => {
    if (from && to) setTyped({ from, to });
  }, [from, to]);
  const complete = typed.from !== "" && typed.to !== "";
  const valid = (one) => isDate(one.from) && isDate(one.to) && one.from <= one.to;
  const change = (name) => (event) => {
    const now = { ...typed, [name]: event.target.value };
    setTyped(now);
    if (valid(now)) onChange(now);
  };
  const wrong = complete && !valid(typed);
  const field = (name) =>
    html`<label>
      ${t(name)}
      <input
        type="date"
        min="1970-01-02"
        value=${typed[name]}
        aria-invalid=${wrong}
        onChange=${change(name)}
      />
    </label>`;
  return html`<div class="dates">${field("from")}${field("to")}</div>
    ${wrong && html`<p class="wrong" role="alert">${t("period.wrong")}</p>`}`;
}

function LotPicker({ wish, lots, onChange }) {
  const [typed, setTyped] = useState("");
  const sought = typed.trim().toLowerCase();
  const fits = ([id, lot]) =>
    (wish.district === null || lot?.district === wish.district) &&
    [id, ...Object.values(lot?.name ?? {})].some((name) => name.toLowerCase().includes(sought));
  const found = [...lots].filter(fits);
  const toggle = (id) => () => {
    const chosen = wish.lots.includes(id)
      ? wish.lots.filter((one) => one !== id)
      : [...wish.lots, id];
    onChange({ lots: chosen });
  };
  const count = wish.lots.length;
  return html`<details class="picker">
    <summary>${t("lots")}: ${count > 0 ? t("lots.some", { n: count }) : t("lots.all")}</summary>
    <div class="finding">
      <input
        type="search"
        aria-label=${t("lots.find")}
        placeholder=${t("lots.find")}
        value=${typed}
        onInput=${(event) => setTyped(event.target.value)}
      />
      <button type="button" disabled=${count === 0} onClick=${() => onChange({ lots: [] })}>
        ${t("lots.clear")}
      </button>
    </div>
    <ul>
      ${found.slice(0, MOST_LISTED).map(
        ([id]) =>
          html`<li key=${id}>
            <label>
              <input type="checkbox" checked=${wish.lots.includes(id)} onChange=${toggle(id)} />
              ${lotName(id, lots)}
            </label>
          </li>`,
      )}
    </ul>
    ${found.length > MOST_LISTED && html`<p class="muted">${t("lots.more", { n: found.length - MOST_LISTED })}</p>`}
  </details>`;
}
