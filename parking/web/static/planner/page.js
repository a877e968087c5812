/* The planners' page: how lots were used in a period, how much of that is known, and against another. */

import { now, Problem } from "../api.js";
import { useLanguage } from "../i18n.js";
import { SignIn, SignOut } from "../signin/form.js";
import { key, refused, useSession } from "../signin/session.js";
import { Header, keepForOffline, Trouble } from "../ui.js";
import { html, render, useEffect, useMemo, useState } from "../vendor/preact/htm-preact.js";
import { readAddress, writeAddress } from "./address.js";
import { Course } from "./course.js";
import { Downloads } from "./downloads.js";
import { Figures } from "./figures.js";
import { Filters } from "./filters.js";
import { Heat } from "./heat.js";
import { presets, wallClock } from "./period.js";
import { Ranking } from "./ranking.js";
import { courseOf, figuresOf, weekOf } from "./sums.js";
import { mainZone, readLots, readView } from "./usage.js";
import { lotsWords, periodWords, t } from "./writing.js";

const ASKED = ["from", "to", "district", "hours", "vs", "vsFrom", "vsTo"];

function Page() {
  useLanguage();
  const { session } = useSession();
  return html`
    <${Header} page="planner">
      ${session && html`<${SignOut} />`}
    <//>
    <main id="main" class="planner">
      ${session ? html`<${Planner} />` : html`<${SignIn} hint=${t("hint")} />`}
    </main>
  `;
}

/* A refusal to be shown; a key that holds no more signs out. */
function refusal(error) {
  if (!(error instanceof Problem)) throw error;
  refused(error);
  return error;
}

/** Hook: something that is read anew when `causes` change: {value, problem, busy, again}. */
function useRead(read, causes) {
  const [state, setState] = useState({ value: null, problem: null, busy: true });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const ended = new AbortController();
    setState((before) => ({ ...before, problem: null, busy: true }));
    read(ended.signal).then(
      (value) => ended.signal.aborted || setState({ value, problem: null, busy: false }),
      (error) => {
        if (ended.signal.aborted) return;
        setState((before) => ({ ...before, problem: refusal(error), busy: false }));
      },
    );
    return () => ended.abort();
  }, [...causes, turn]);
  return { ...state, again: () => setTurn(turn + 1) };
}

function Planner() {
  const [wish, setWish] = useState(() => readAddress(location.hash));
  const [hint, setHint] = useState("");
  const known = useRead(() => readLots(key(), now()), []);
  const lots = known.value;
  const today = lots && wallClock(now(), mainZone(lots)).slice(0, 10);
  const whole = lots && wish.from === null ? { ...wish, ...presets(today).days28 } : wish;
  const view = useRead(
    async (signal) => lots && readView(whole, lots, { key: key(), signal }),
    [lots, whole.lots.join(), ...ASKED.map((name) => whole[name])],
  );
  const change = (more) => {
    setHint("");
    setWish({ ...whole, ...more });
  };
  useEffect(() => {
    const wanted = writeAddress(whole);
    if (lots && wanted !== location.hash) history.replaceState(null, "", wanted);
  }, [whole, lots]);
  useEffect(() => {
    const follow = () => setWish(readAddress(location.hash));
    window.addEventListener("hashchange", follow);
    return () => window.removeEventListener("hashchange", follow);
  }, []);

  if (lots === null) {
    return known.problem
      ? html`<${Trouble} problem=${known.problem} onRetry=${known.again} />`
      : html`<p class="muted" role="status">${t("loading")}</p>`;
  }
  if (lots.size === 0) return html`<p role="status">${t("none")}</p>`;
  return html`
    <${Filters} wish=${whole} lots=${lots} today=${today} onChange=${change} />
    <p class="hint" role="status">
      ${view.busy ? t("loading") : hint || html`<span class="unseen">${t("loaded")}</span>`}
    </p>
    ${view.problem && html`<${Trouble} problem=${view.problem} onRetry=${view.again} />`}
    ${
      view.value &&
      html`<${View}
        view=${view.value}
        wish=${whole}
        lots=${lots}
        busy=${view.busy}
        onChange=${change}
        tell=${setHint}
      />`
    }
  `;
}

function View({ view, wish, lots, busy, onChange, tell }) {
  const shown = useMemo(() => {
    const of = (one) =>
      one && { figures: figuresOf(one.rows), week: weekOf(one.week), course: courseOf(one.rows) };
    return { own: of(view), other: of(view.other) };
  }, [view]);
  const { own, other } = shown;
  const told = {
    period: periodWords(view.period),
    lots: lotsWords(view.wish, lots),
    hours: t(`hours.${view.wish.hours}`),
    zones: view.zones.join(", "),
  };
  return html`<div class="view" aria-busy=${busy}>
    <div class="doing">
      <p>
        ${t("told", told)}
        ${view.other && html` ${t("told.vs", { period: periodWords(view.other.period) })}`}
      </p>
      <div class="buttons">
        <${Downloads} view=${view} wish=${wish} lots=${lots} tell=${tell} />
        <button type="button" onClick=${() => copyLink(tell)}>${t("link")}</button>
        <button type="button" onClick=${() => window.print()}>${t("print")}</button>
      </div>
    </div>
    <${Figures} figures=${own.figures} other=${other?.figures ?? null} />
    <${Heat}
      week=${own.week}
      other=${other?.week ?? null}
      cells=${wish.cells}
      onChange=${onChange}
    />
    <${Course}
      course=${own.course}
      other=${other?.course ?? null}
      bucket=${view.bucket}
      measure=${wish.measure}
      onChange=${onChange}
    />
    <${Ranking} view=${view} lots=${lots} sort=${wish.sort} onChange=${onChange} />
  </div>`;
}

async function copyLink(tell) {
  try {
    await navigator.clipboard.writeText(location.href);
    tell(t("link.copied"));
  } catch {
    tell(t("link.failed"));
  }
}

render(html`<${Page} />`, document.getElementById("page"));
keepForOffline();
