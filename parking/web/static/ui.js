/* Parts that all pages share. Text goes through html`…` alone, which never reads it as markup. */

import { address, now } from "./api.js";
import { ago } from "./formats.js";
import { LANGUAGES, language, recall, remember, setLanguage, translator } from "./i18n.js";
import { html, useState } from "./vendor/preact/htm-preact.js";
import { words } from "./words.js";

const t = translator(words);
const KEPT = "parking.theme";
const THEMES = ["auto", "light", "dark"];
// Each with the sign that asks for text, not for a coloured picture.
const THEME_MARKS = { auto: "◐\uFE0E", light: "☀\uFE0E", dark: "☾\uFE0E" };
const OWN_NAMES = { zh: "中文", en: "English" };
const MARKS = { available: "●", limited: "◐", full: "○", closed: "✕", unknown: "?" };

applyTheme(recall(KEPT));

function applyTheme(theme) {
  const root = document.documentElement;
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  else delete root.dataset.theme;
}

/** The switch of languages: a button that names the other one, in that one. */
export function LanguageSwitch() {
  const other = LANGUAGES[(LANGUAGES.indexOf(language()) + 1) % LANGUAGES.length];
  return html`<button type="button" class="quiet" lang=${other} onClick=${() => setLanguage(other)}>
    ${OWN_NAMES[other]}
  </button>`;
}

/** The switch of appearance: a button that goes from "as the system" to light to dark. */
export function ThemeSwitch() {
  const [theme, setTheme] = useState(recall(KEPT) ?? "auto");
  const next = () => {
    const wanted = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    remember(KEPT, wanted === "auto" ? null : wanted);
    applyTheme(wanted);
    setTheme(wanted);
  };
  const label = `${t("theme")}: ${t(`theme.${theme}`)}`;
  return html`<button type="button" class="quiet" aria-label=${label} title=${label} onClick=${next}>
    ${THEME_MARKS[theme]}
  </button>`;
}

/** The head of a page: its title (an h1), children in the middle, the switches; the ways to others.

   `page` is "drivers", "board" or "planner". A page's <main> has the id "main". */
export function Header({ page, title, children }) {
  const pages = [
    ["drivers", "./"],
    ["board", "board"],
    ["planner", "planner"],
  ];
  document.title = title ?? t(`page.${page}`);
  return html`<header class="top">
    <a class="skip" href="#main" onClick=${skip}>${t("skip")}</a>
    <h1>${title ?? t(`page.${page}`)}</h1>
    ${children}
    <nav class="ways">
      ${pages.map(
        ([name, way]) =>
          html`<a key=${name} href=${address(way)} aria-current=${name === page ? "page" : null}>
            ${t(`page.${name}`)}
          </a>`,
      )}
    </nav>
    <div class="switches"><${ThemeSwitch} /><${LanguageSwitch} /></div>
  </header>`;
}

/* Not by the address: that is where pages keep what they show. */
function skip(event) {
  event.preventDefault();
  const main = document.getElementById("main");
  main.tabIndex = -1;
  main.focus();
}

/** A lot's level as a word with a mark, so that it is never told by colour alone. */
export function Level({ level }) {
  return html`<span class="level" data-level=${level}>
    <span class="mark" aria-hidden="true">${MARKS[level]}</span>${t(`level.${level}`)}
  </span>`;
}

/** A bar of spaces: occupied, unknown (hatched), free. Beside it the numbers must stand as text. */
export function Bar({ capacity, occupied, unknown }) {
  const share = (value) => `${(100 * (value ?? 0)) / capacity}%`;
  return html`<span class="bar" aria-hidden="true">
    <span class="occupied" style=${{ width: share(occupied) }}></span>
    <span class="unknown" style=${{ width: share(unknown) }}></span>
  </span>`;
}

/** How current what is shown is, told to screen readers when it changes. */
export function Connection({ live }) {
  const { state, heardAt } = live;
  const text =
    state === "live"
      ? t("live")
      : state === "offline"
        ? heardAt === null
          ? t("live.never")
          : t("live.offline", { age: ago(heardAt, now()) })
        : t(`live.${state}`);
  return html`<p class="connection" data-state=${state} role="status">${text}</p>`;
}

/** A problem, told at once to screen readers, with a button to try again. */
export function Trouble({ problem, onRetry }) {
  return html`<div class="trouble" role="alert">
    <p>${problem.status === 0 ? t("error.network") : problem.message}</p>
    ${onRetry && html`<button type="button" onClick=${onRetry}>${t("error.retry")}</button>`}
  </div>`;
}

/** Have the page open again without a network, where the browser allows it (HTTPS or localhost). */
export function keepForOffline() {
  navigator.serviceWorker?.register(address("sw.js")).catch((error) => console.warn(error));
}
