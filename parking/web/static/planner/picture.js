/* The view as a picture to pass on: figures, hours of the week and course, light, on one sheet. */

import { Problem } from "../api.js";
import { plot } from "../libraries.js";
import { SHOWN } from "./figures.js";
import { cellOf, legendOf, weekWords } from "./heat.js";
import { draw, ON_PAPER } from "./plot.js";
import { coverageOf, courseOf, figuresOf, weekOf } from "./sums.js";
import {
  difference,
  knownWords,
  lotsWords,
  periodWords,
  t,
  weekdayWords,
  write,
} from "./writing.js";

const WIDTH = 1200;
const HEIGHT = 960;
const SCALE = 2; // dots a point: it is to be printed too
const MARGIN = 40;
const MUTED = "#55626f";
const PAINTS = {
  o0: "#fbf6d0",
  o1: "#c6dea3",
  o2: "#74bcae",
  o3: "#3893b2",
  o4: "#28629f",
  o5: "#1b2c69",
  u0: "#f5f5f5",
  u1: "#d5d5d5",
  u2: "#aeaeae",
  u3: "#898989",
  u4: "#5f5f5f",
  u5: "#323232",
  k0: "#d5d5d5",
  k1: "#d3e6f5",
  k2: "#8dbfe3",
  k3: "#0b5cad",
  less3: "#b35806",
  less2: "#f1a340",
  less1: "#fee0b6",
  same: "#f7f7f7",
  more1: "#d8daeb",
  more2: "#998ec3",
  more3: "#542788",
  none: "#ffffff",
};
const LIGHT_ON = new Set(["o4", "o5", "u4", "u5", "k3", "more3", "less3"]);

/** Make the picture: a PNG as a Blob. */
export async function picture(view, wish, lots) {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH * SCALE;
  canvas.height = HEIGHT * SCALE;
  const pen = canvas.getContext("2d");
  pen.scale(SCALE, SCALE);
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  const family = getComputedStyle(document.body).fontFamily;
  const put = (
    text,
    x,
    y,
    size,
    colour = ON_PAPER.text,
    align = "start",
    weight = "normal",
    most,
  ) => {
    pen.font = `${weight} ${size}px ${family}`;
    pen.fillStyle = colour;
    pen.textAlign = align;
    pen.fillText(text, x, y, most);
  };
  head(put, view, lots);
  figures(put, view);
  week(pen, put, view, wish);
  await course(pen, put, view, wish, family);
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Problem(0, { title: "PNG" }))),
      "image/png",
    );
  });
}

function head(put, view, lots) {
  const across = WIDTH - 2 * MARGIN;
  put(
    `${t("page.planner")} · ${lotsWords(view.wish, lots)}`,
    MARGIN,
    52,
    24,
    undefined,
    "start",
    "bold",
    across,
  );
  const versus = view.other ? ` ${t("told.vs", { period: periodWords(view.other.period) })}` : "";
  put(
    `${periodWords(view.period)} · ${t(`hours.${view.wish.hours}`)} · ${view.zones.join(", ")}.${versus}`,
    MARGIN,
    78,
    14,
    MUTED,
    "start",
    "normal",
    across,
  );
}

function figures(put, view) {
  const own = figuresOf(view.rows);
  const other = view.other && figuresOf(view.other.rows);
  const width = (WIDTH - 2 * MARGIN) / SHOWN.length;
  SHOWN.forEach((name, index) => {
    const x = MARGIN + index * width;
    const coverage = coverageOf(own, name);
    put(t(name), x, 118, 13, MUTED, "start", "normal", width - 12);
    put(write(name, own), x, 146, 22, undefined, "start", "bold", width - 12);
    put(
      `${coverage < 0.5 ? "⚠ " : ""}${knownWords(coverage)}`,
      x,
      166,
      12,
      coverage < 0.5 ? "#8a5300" : MUTED,
    );
    if (other) {
      const against = `${difference(name, own, other)} (${knownWords(coverageOf(other, name))})`;
      put(against, x, 184, 12, MUTED, "start", "normal", width - 12);
    }
  });
}

function week(pen, put, view, wish) {
  const [own, other] = [weekOf(view.week), view.other && weekOf(view.other.week)];
  const cells =
    other === null && (wish.cells === "other" || wish.cells === "difference")
      ? "occupancy"
      : wish.cells;
  const [left, top, width, height] = [MARGIN + 50, 268, (WIDTH - 2 * MARGIN - 50) / 24, 34];
  put(`${t("week")} · ${t(`cells.${cells}`)}`, MARGIN, 222, 17, undefined, "start", "bold");
  put(
    weekWords(cells === "other" ? other : own),
    MARGIN,
    242,
    12,
    MUTED,
    "start",
    "normal",
    WIDTH - 2 * MARGIN,
  );
  for (let hour = 0; hour < 24; hour += 1)
    put(String(hour), left + (hour + 0.5) * width, top - 6, 11, MUTED, "center");
  for (let day = 0; day < 7; day += 1) {
    put(weekdayWords(day), left - 8, top + day * height + 22, 12, MUTED, "end");
    for (let hour = 0; hour < 24; hour += 1) {
      const at = day * 24 + hour;
      const cell = cellOf(cells, own[at], other?.[at]);
      const [x, y] = [left + hour * width, top + day * height];
      box(pen, cell.mark, x, y, width, height);
      const colour = LIGHT_ON.has(cell.mark.split(" ")[0]) ? "#ffffff" : ON_PAPER.text;
      put(cell.text, x + width / 2, y + 20, 12, colour, "center");
      pen.fillStyle = colour;
      pen.fillRect(x + 3, y + height - 7, (width - 6) * cell.coverage, 3);
    }
  }
  legend(pen, put, cells, top + 7 * height + 14);
}

function box(pen, mark, x, y, width, height) {
  const [paint, unsure] = mark.split(" ");
  pen.fillStyle = PAINTS[paint];
  pen.fillRect(x, y, width - 1, height - 1);
  if (!unsure && !/^u\d|none|k0/.test(paint)) return;
  pen.save();
  pen.beginPath();
  pen.rect(x, y, width - 1, height - 1);
  pen.clip();
  pen.strokeStyle = paint === "none" ? "#d5dbe1" : "rgb(120 120 120 / 55%)";
  pen.beginPath();
  if (paint === "none") pen.rect(x + 0.5, y + 0.5, width - 2, height - 2);
  for (let at = -height; paint !== "none" && at < width; at += 6) {
    pen.moveTo(x + at, y + height);
    pen.lineTo(x + at + height, y);
  }
  pen.stroke();
  pen.restore();
}

function legend(pen, put, cells, y) {
  let x = MARGIN + 50;
  for (const [mark, said] of legendOf(cells)) {
    box(pen, mark, x, y, 16, 16);
    if (mark === "none") put("–", x + 8, y + 12, 11, MUTED, "center");
    put(said, x + 21, y + 12, 11, MUTED);
    x += 21 + pen.measureText(said).width + 18;
  }
}

async function course(pen, put, view, wish, family) {
  const top = 588;
  const [across, high] = [WIDTH - 2 * MARGIN, 300];
  put(`${t("course")} · ${t(wish.measure)}`, MARGIN, top, 17, undefined, "start", "bold");
  put(
    `${t("course.known")}${view.other ? ` · – – ${t("course.other")}` : ""} · ${t("course.unsure")}: ○`,
    WIDTH - MARGIN,
    top,
    12,
    MUTED,
    "end",
  );
  const uPlot = await plot().catch((error) => {
    throw new Problem(0, { title: String(error) });
  });
  const shown = {
    course: courseOf(view.rows),
    other: view.other && courseOf(view.other.rows),
    measure: wish.measure,
    bucket: view.bucket,
  };
  const colours = { ...ON_PAPER, font: `12px ${family}` };
  await new Promise((resolve) => {
    const drawn = draw(
      uPlot,
      (_, init) => init(),
      shown,
      colours,
      { width: across, height: high },
      {
        hooks: {
          draw: [
            (one) => {
              pen.drawImage(one.ctx.canvas, MARGIN, top + 14, across, high);
              resolve();
            },
          ],
        },
      },
    );
    drawn.redraw();
  });
  put(
    t("picture.made", { at: new Date().toISOString().slice(0, 16).replace("T", " ") + " UTC" }),
    MARGIN,
    HEIGHT - 20,
    11,
    MUTED,
  );
}
