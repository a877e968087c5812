/* The course of a figure over the period, as a chart and as a table. */

import { plot } from "../libraries.js";
import { html, useEffect, useRef, useState } from "../vendor/preact/htm-preact.js";
import { SHOWN } from "./figures.js";
import { coloursOf, draw } from "./plot.js";
import { coverageOf } from "./sums.js";
import { bucketWords, Known, knownWords, t, write } from "./writing.js";

const HEIGHT = 260;
const DARK = window.matchMedia("(prefers-color-scheme: dark)");

/** Tell a course in a sentence. */
export function courseWords(course, measure) {
  const known = course.filter(({ figures }) => figures[measure] !== null);
  if (known.length === 0) return t("course.unknown", { measure: t(measure) });
  const sorted = known
    .map(({ figures }) => figures)
    .sort((one, other) => one[measure] - other[measure]);
  const told = (figures) =>
    `${write(measure, figures)}, ${knownWords(coverageOf(figures, measure))}`;
  const values = {
    measure: t(measure),
    n: course.length,
    most: told(sorted.at(-1)),
    least: told(sorted[0]),
  };
  return t("course.told", values);
}

/** The chart with its choice of a figure; `course` and `other` are of courseOf, other may be null. */
export function Course({ course, other, bucket, measure, onChange }) {
  const shown = { course, other, measure, bucket };
  return html`<section class="card" aria-labelledby="course-title">
    <div class="section-head">
      <h2 id="course-title">${t("course")}</h2>
      <label>
        ${t("measure")}${" "}
        <select
          name="measure"
          value=${measure}
          onChange=${(event) => onChange({ measure: event.target.value })}
        >
          ${SHOWN.map((name) => html`<option key=${name} value=${name}>${t(name)}</option>`)}
        </select>
      </label>
    </div>
    <p>${courseWords(course, measure)}</p>
    <${Chart} shown=${shown} />
    <ul class="legend keys" aria-hidden="true">
      <li><span class="key this"></span>${t(measure)}${other ? ` · ${t("course.this")}` : ""}</li>
      ${other && html`<li><span class="key other"></span>${t("course.other")}</li>`}
      <li><span class="key unsure"></span>${t("course.unsure")}</li>
      <li><span class="key area"></span>${t("course.known")}</li>
    </ul>
    <details>
      <summary>${t("course.table")}</summary>
      <div class="wide" role="region" tabindex="0" aria-labelledby="course-title">
        <${Table} shown=${shown} />
      </div>
    </details>
  </section>`;
}

function Chart({ shown }) {
  const host = useRef(null);
  const [at, setAt] = useState(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let drawn = null;
    let gone = false;
    const again = (uPlot) => {
      if (gone || host.current === null) return;
      drawn?.destroy();
      const size = { width: Math.max(host.current.clientWidth, 200), height: HEIGHT };
      const hooks = { setCursor: [(one) => setAt(one.cursor.idx ?? null)] };
      drawn = draw(uPlot, host.current, shown, coloursOf(host.current), size, { hooks });
    };
    let stop = () => {};
    plot().then(
      (uPlot) => {
        if (!gone) stop = follow(host.current, () => again(uPlot));
      },
      () => setFailed(true),
    );
    return () => {
      gone = true;
      stop();
      drawn?.destroy();
    };
  }, [shown.course, shown.other, shown.measure, shown.bucket, document.documentElement.lang]);
  const point = at === null ? null : shown.course[at];
  return html`
    <div
      class="plot"
      ref=${host}
      role="img"
      aria-label=${courseWords(shown.course, shown.measure)}
    ></div>
    <p class="muted small point">
      ${failed ? t("course.failed") : point ? pointWords(point, shown) : "\u00a0"}
    </p>
  `;
}

function pointWords({ at, figures }, { measure, bucket }) {
  const known = knownWords(coverageOf(figures, measure));
  return t("course.point", { at: bucketWords(at, bucket), value: write(measure, figures), known });
}

/* Draw now, and when the width or the appearance changes. */
function follow(element, drawAgain) {
  let width = element.clientWidth;
  drawAgain();
  const sizes = new ResizeObserver(() => {
    if (element.clientWidth === width) return;
    width = element.clientWidth;
    drawAgain();
  });
  sizes.observe(element);
  const themes = new MutationObserver(drawAgain);
  themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  DARK.addEventListener("change", drawAgain);
  return () => {
    sizes.disconnect();
    themes.disconnect();
    DARK.removeEventListener("change", drawAgain);
  };
}

function Table({ shown: { course, other, measure, bucket } }) {
  const length = Math.max(course.length, other?.length ?? 0);
  const cells = (point) =>
    point
      ? html`<td>${bucketWords(point.at, bucket)}</td>
          <td class="number">${write(measure, point.figures)}</td>
          <td><${Known} coverage=${coverageOf(point.figures, measure)} /></td>`
      : html`<td></td>
          <td></td>
          <td></td>`;
  const heads = (name) =>
    html`<th scope="col">${name}</th>
      <th scope="col">${t(measure)}</th>
      <th scope="col">${t("coverage")}</th>`;
  return html`<table>
    <thead>
      <tr>
        ${heads(t("at"))}${other && heads(t("course.other"))}
      </tr>
    </thead>
    <tbody>
      ${Array.from({ length }, (_, index) => index).map(
        (index) =>
          html`<tr key=${index}>
            ${cells(course[index])}${other && cells(other[index])}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
