/* A table of the board, which scrolls sideways by itself, by keys too. */

import { html } from "../vendor/preact/htm-preact.js";
import { t } from "./say.js";

/** A table of the class `name`, below the heading with the id `heading`; children are its rows. */
export function Table({ name, heading, columns, children }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-labelledby=${heading}>
    <table class=${name}>
      <thead>
        <tr>
          ${columns.map((column) => html`<th key=${column} scope="col">${t(`column.${column}`)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${children}
      </tbody>
    </table>
  </div>`;
}
