/* A lot in the list. */

import { count, distance, freshness, money, walkMinutes } from "../formats.js";
import { language, named, translator } from "../i18n.js";
import { Bar, Level } from "../ui.js";
import { html, useState } from "../vendor/preact/htm-preact.js";
import { words as shared } from "../words.js";
import { levelOf } from "./choice.js";
import { APPS, firstApp, rememberApp, target, way } from "./navigation.js";
import { words } from "./words.js";

export const t = translator(words, shared);
const LONGEST_WALK_MIN = 45; // nobody asks how long a longer one takes

/** Give a length of stay in words. */
export function stayWords(minutes) {
  if (minutes >= 1440 && minutes % 1440 === 0) return t("stay.days", { n: minutes / 1440 });
  if (minutes >= 60 && minutes % 30 === 0) return t("stay.hours", { n: minutes / 60 });
  return t("stay.minutes", { n: minutes });
}

/** Why a lot does not suit, in words. */
export const againstWords = ({ against, lot }) =>
  t(`against.${against}`, { limit: lot.max_height_m });

/** A lot: its free spaces first, then how far, what it costs, how old the number is; what to do. */
export function Card({ seen, wish, open, onOpen, watched, onWatch, onShare, lastHeard }) {
  const { lot, availability, numbers, against } = seen;
  return html`<li class="lot card" id=${`lot-${lot.id}`} data-suits=${against === null}>
    <div class="lot-head">
      <h3>
        <button
          type="button"
          class="lot-name"
          aria-expanded=${open}
          onClick=${() => onOpen(open ? null : lot.id)}
        >
          ${named(lot.name)}
        </button>
      </h3>
      <${Level} level=${levelOf(seen)} />
    </div>
    <${Figures} numbers=${numbers} class_=${wish.class} />
    <p class="facts">
      ${wish.place &&
      html`<span>${distance(seen.distance)}</span>
        ${walkMinutes(seen.distance) <= LONGEST_WALK_MIN &&
        html`<span>${t("walk", { n: walkMinutes(seen.distance) })}</span>`}`}
      <span>${priceWords(seen, wish)}</span>
      <span class="age">${freshness(availability, lastHeard)}</span>
    </p>
    ${against !== null &&
    !["full", "unknown"].includes(against) &&
    html`<p class="against">${againstWords(seen)}</p>`}
    ${open && html`<${Details} seen=${seen} />`}
    <${Actions}
      lot=${lot}
      place=${wish.place}
      all=${open}
      watched=${watched}
      onWatch=${onWatch}
      onShare=${onShare}
    />
  </li>`;
}

function Figures({ numbers, class_ }) {
  const of = class_ ? html`<span class="muted">${t(`class.${class_}`)}</span> ` : null;
  if (numbers === null || numbers.free === null) {
    return html`<p class="figures">${of}<span class="muted">${t("free.unknown")}</span></p>`;
  }
  return html`<div class="figures">
    <p>
      ${of}<strong class="number">${count(numbers.free)}</strong> ${t("free")}
      <span class="muted"> ${t("free.of", { capacity: count(numbers.capacity) })}</span>
      ${numbers.unknown > 0 &&
      html`<span class="muted"> · ${t("free.unknownMore", { n: count(numbers.unknown) })}</span>`}
    </p>
    <${Bar} ...${numbers} />
  </div>`;
}

function priceWords({ price, lot }, wish) {
  if (price === null) return t("price.unknown");
  const stay = stayWords(wish.minutes);
  if (price === 0) return t("price.free", { stay });
  return t("price", { stay, price: money(price, lot.tariff.currency) });
}

function Actions({ lot, place, all, watched, onWatch, onShare }) {
  const [app, setApp] = useState(() => firstApp(language()));
  const name = named(lot.name);
  const go = (chosen) => () => {
    rememberApp(chosen);
    setApp(chosen);
  };
  const link = (chosen, label, primary) =>
    html`<a
      key=${chosen}
      class=${primary ? "button primary" : "button"}
      href=${way(chosen, target(lot, place), name, place)}
      target="_blank"
      rel="noopener noreferrer"
      aria-label=${`${t("navigate.with", { app: t(`app.${chosen}`) })}: ${name}`}
      onClick=${go(chosen)}
    >
      ${label}
    </a>`;
  return html`<div class="actions">
    ${link(app, t("navigate"), true)}
    ${all && APPS.filter((one) => one !== app).map((one) => link(one, t(`app.${one}`), false))}
    <button
      type="button"
      aria-pressed=${watched}
      aria-label=${`${t(watched ? "watch.on" : "watch")}: ${name}`}
      title=${t("watch.explain")}
      onClick=${onWatch}
    >
      ${t(watched ? "watch.on" : "watch")}
    </button>
    <button type="button" aria-label=${`${t("share")}: ${name}`} onClick=${onShare}>
      ${t("share")}
    </button>
  </div>`;
}

function Details({ seen: { lot, availability } }) {
  const height = lot.max_height_m;
  const rows = [
    ["address", named(lot.address)],
    ["kind", t(`kind.${lot.kind}`)],
    ["hours", lot.opening_hours === "24/7" ? t("fact.hours.always") : lot.opening_hours],
    ["height", height === null ? t("fact.height.none") : t("fact.height.value", { limit: height })],
    ["tariff", tariffWords(lot.tariff)],
    ["payment", lot.payment.map((one) => t(`payment.${one}`)).join(" · ")],
    ["spaces", availability && spacesWords(availability)],
    ["operator", lot.operator],
  ];
  return html`<dl class="details">
    ${rows
      .filter(([, value]) => value)
      .map(([name, value]) => html`<dt key=${name}>${t(`fact.${name}`)}</dt><dd>${value}</dd>`)}
  </dl>`;
}

const spacesWords = ({ classes }) =>
  Object.entries(classes)
    .map(([name, { free, capacity }]) => {
      const row = t("spaces.row", { free: count(free), capacity: count(capacity) });
      return `${t(`class.${name}`)} ${row}`;
    })
    .join(" · ");

function tariffWords(tariff) {
  if (!tariff) return t("tariff.unknown");
  const amount = (minor) => money(minor, tariff.currency);
  return [
    tariff.free_minutes > 0 && t("tariff.free", { n: tariff.free_minutes }),
    ...tariff.steps.map((step) =>
      t("tariff.step", { n: step.up_to_minutes, price: amount(step.price) }),
    ),
    tariff.then_per_minutes !== null &&
      t("tariff.then", { n: tariff.then_per_minutes, price: amount(tariff.then_price) }),
    tariff.daily_cap !== null && t("tariff.cap", { price: amount(tariff.daily_cap) }),
  ]
    .filter(Boolean)
    .join(" · ");
}
