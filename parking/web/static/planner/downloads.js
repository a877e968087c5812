/* Files of what is shown: rows as the service writes them, and a picture made here. */

import { ask, Problem } from "../api.js";
import { key } from "../signin/session.js";
import { html, useState } from "../vendor/preact/htm-preact.js";
import { picture } from "./picture.js";
import { parametersOf, partsOf } from "./usage.js";
import { periodWords, t } from "./writing.js";

/** Give what may be had of a view: [{name, said, period, bucket, by}]. */
function contentsOf(view) {
  const of = ({ period, bucket }, which) => [
    { name: `${which}rows`, said: t(`download.rows.${bucket}`), period, bucket, by: "lot" },
    {
      name: `${which}week`,
      said: t("download.week"),
      period,
      bucket: "hour_of_week",
      by: "district",
    },
  ];
  return [...of(view, ""), ...(view.other ? of(view.other, "other-") : [])];
}

/** The buttons; `tell` says what came of it. */
export function Downloads({ view, wish, lots, tell }) {
  const [chosen, setChosen] = useState("rows");
  const [busy, setBusy] = useState(false);
  const contents = contentsOf(view);
  const content = contents.find(({ name }) => name === chosen) ?? contents[0];
  const doing = (work) => async () => {
    setBusy(true);
    try {
      tell(t("download.done", { name: await work() }));
    } catch (error) {
      tell(whyNot(error));
    } finally {
      setBusy(false);
    }
  };
  const rows = (format) => doing(() => saveRows(content, format, view.wish, lots));
  return html`<div class="downloads" role="group" aria-label=${t("download")}>
    <label>
      ${t("download")}${" "}
      <select
        name="content"
        value=${content.name}
        onChange=${(event) => setChosen(event.target.value)}
      >
        ${contents.map(
          ({ name, said, period }) =>
            html`<option key=${name} value=${name}>
              ${t("download.of", { what: said, period: periodWords(period) })}
            </option>`,
        )}
      </select>
    </label>
    <button type="button" disabled=${busy} onClick=${rows("csv")}>CSV</button>
    <button type="button" disabled=${busy} onClick=${rows("parquet")}>Parquet</button>
    <button type="button" disabled=${busy} onClick=${doing(() => savePicture(view, wish, lots))}>
      ${t("download.png")}
    </button>
  </div>`;
}

function whyNot(error) {
  if (!(error instanceof Problem)) throw error;
  if (error.status === 406) return `${t("download.noParquet")} ${error.message}`;
  return t("download.failed", { why: error.status === 0 ? t("error.network") : error.message });
}

/* Of several time zones there is a file each: their days are not the same. */
async function saveRows({ period, bucket, by }, format, wish, lots) {
  const parts = partsOf(wish, lots);
  const names = [];
  for (const [index, part] of parts.entries()) {
    const parameters = { ...parametersOf(part, period, wish.hours, bucket, by), format };
    const answer = await ask("v1/usage", { key: key(), parameters });
    const which = parts.length > 1 ? `-${index + 1}` : "";
    const name = `usage-${period.from}-${period.to}-${bucket}${which}.${format}`;
    save(await bodyOf(answer), name);
    names.push(name);
  }
  return names.join(", ");
}

async function bodyOf(answer) {
  try {
    return await answer.blob();
  } catch (error) {
    throw new Problem(0, { title: String(error) });
  }
}

async function savePicture(view, wish, lots) {
  const name = `usage-${view.period.from}-${view.period.to}.png`;
  save(await picture(view, wish, lots), name);
  return name;
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser reads it meanwhile
}
