/* The operators' board. */

import { useLanguage } from "../i18n.js";
import { Header, keepForOffline } from "../ui.js";
import { html, render } from "../vendor/preact/htm-preact.js";

function Page() {
  useLanguage();
  return html`<${Header} page="board" /><main id="main"></main>`;
}

render(html`<${Page} />`, document.getElementById("page"));
keepForOffline();
