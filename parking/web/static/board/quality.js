/* How far the numbers of a lot can be believed today, and why not further. */

import { ago, clock, count } from "../formats.js";
import { html } from "../vendor/preact/htm-preact.js";
import { rate } from "./figures.js";
import { findingWords } from "./findings.js";
import { Said, t, wordFor } from "./say.js";
import { Table } from "./table.js";

/** The score of the latest day with what took points off it. */
export function Quality({ quality }) {
  const { score, reasons, events, duplicates, judged_at: judgedAt, day } = quality;
  return html`<section aria-labelledby="quality-title">
    <h3 id="quality-title">${t("quality")}</h3>
    <p>
      <strong class="number score">${score}</strong> / 100
      <span class="muted"> ${t("quality.of", { day, age: ago(judgedAt) })}</span>
    </p>
    <p class="muted">${t("quality.events", { n: count(events), duplicates: count(duplicates) })}</p>
    ${reasons.length > 0 &&
    html`<ul class="chips">
      ${reasons.map(
        ({ kind, points, findings }) =>
          html`<li key=${kind} data-grave="true">
            ${wordFor("kind", kind)} × ${count(findings)}: −${rate(points)}
          </li>`,
      )}
    </ul>`}
  </section>`;
}

/** What was found of the lot's zones, spaces and sensors. */
export function Findings({ quality: { findings, findings_total: total } }) {
  if (findings.length === 0) return null;
  return html`<section aria-labelledby="findings-title">
    <h3 id="findings-title">${t("findings", { n: count(total) })}</h3>
    <${Table}
      name="findings"
      heading="findings-title"
      columns=${["kind", "where", "since", "detail"]}
    >
      ${findings.map(
        (finding) => html`<tr>
          <th scope="row">${wordFor("kind", finding.kind)}</th>
          <td>${whereWords(finding)}</td>
          <td>${finding.since ? clock(finding.since) : t("unknown")}</td>
          <td><${Said} words=${findingWords(finding)} text=${finding.detail} /></td>
        </tr>`,
      )}
    <//>
    ${total > findings.length &&
    html`<p class="muted">${t("findings.first", { n: count(findings.length) })}</p>`}
  </section>`;
}

const whereWords = ({ zone, space, sensor }) =>
  [space ?? zone ?? t("lot.whole"), sensor].filter(Boolean).join(" · ");
