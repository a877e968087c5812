/* The operators' board: every lot at once, the one that needs somebody first; then one lot whole. */

import { askJson, listAll } from "../api.js";
import { useLastHeard } from "../drivers/lastheard.js";
import { useNow } from "../formats.js";
import { named, useLanguage } from "../i18n.js";
import { Live, useLive } from "../live.js";
import { SignIn, SignOut } from "../signin/form.js";
import { confirm, useSession } from "../signin/session.js";
import { Connection, Header, keepForOffline, Trouble } from "../ui.js";
import { html, render, useEffect, useMemo, useState } from "../vendor/preact/htm-preact.js";
import { readAddress, writeAddress } from "./address.js";
import { useAsked } from "./asked.js";
import { Keys } from "./keys.js";
import { LotView, NoLot } from "./lot.js";
import { Overview } from "./overview.js";
import { mayJudge, mayManageKeys, mayRun } from "./rights.js";
import { t } from "./say.js";
import { usePast } from "./trend.js";
import { byNeed, troublesOf } from "./troubles.js";

const LOTS_MS = 300_000;
const QUALITY_MS = 30_000;
const ACTIVITY_MS = 5000;
const LEAST_MS = 5000; // over less time than that no rate is told

function Page() {
  useLanguage();
  const { session } = useSession();
  useEffect(() => {
    confirm();
  }, []);
  if (session === null) {
    return html`<${Header} page="board" />
      <main id="main" class="board"><${SignIn} /></main>`;
  }
  return html`<${Board} key=${session.id} session=${session} />`;
}

/** Hook: the live numbers while the component is there. */
function useBoardLive() {
  const live = useMemo(() => new Live(), []);
  useEffect(() => {
    live.start();
    return () => live.stop();
  }, [live]);
  return useLive(live);
}

/** Hook: what the address shows, and what changes it; going back in the browser goes back here. */
function useShown() {
  const [shown, setShown] = useState(() => readAddress(location.hash));
  useEffect(() => {
    const follow = () => setShown(readAddress(location.hash));
    window.addEventListener("hashchange", follow);
    window.addEventListener("popstate", follow);
    return () => {
      window.removeEventListener("hashchange", follow);
      window.removeEventListener("popstate", follow);
    };
  }, []);
  const change = (more) => {
    const next = { ...shown, ...more };
    setShown(next);
    history.pushState(null, "", writeAddress(next) || location.pathname);
    window.scrollTo(0, 0);
  };
  return [shown, change];
}

/** Hook: quality and activity by lot; null where they are not told. */
function useFacts(key) {
  const quality = useAsked((signal) => listAll("v1/quality", { key, signal }), "quality", {
    every: QUALITY_MS,
  });
  const activity = useAsked((signal) => askJson("v1/activity", { key, signal }), "activity", {
    every: ACTIVITY_MS,
  });
  const span = activity.value && Date.parse(activity.value.to) - Date.parse(activity.value.from);
  const counted = span !== null && span >= LEAST_MS;
  return {
    problem: quality.problem ?? activity.problem,
    judged: quality.value && new Map(quality.value.map((day) => [day.lot, day])),
    counted: counted
      ? new Map(activity.value.items.map(({ lot, events }) => [lot, (events * 60_000) / span]))
      : null,
    reload: () => {
      quality.reload();
      activity.reload();
    },
  };
}

function Board({ session }) {
  useNow();
  const live = useBoardLive();
  const [shown, change] = useShown();
  const lots = useAsked((signal) => listAll("v1/lots", { signal }), "lots", {
    every: LOTS_MS,
    change: live.lots.size,
  });
  const facts = useFacts(session.key);
  const scope = shown.scope ?? (session.role === "operator" ? "own" : "all");

  const all = (lots.value ?? [])
    .filter((lot) => live.lots.has(lot.id))
    .map((lot) => entryOf(lot, live.lots.get(lot.id), facts, session));
  const entries = all
    .filter(({ lot }) => shown.district === null || lot.district === shown.district)
    .filter(({ lot }) => scope === "all" || mayRun(session, lot))
    .sort(byNeed);
  const past = usePast(all.length, shown.district);
  const lastHeard = useLastHeard(entries);
  const open = all.find(({ lot }) => lot.id === shown.lot);
  const keys = shown.view === "keys" && mayManageKeys(session);
  const back = () => change({ lot: null, view: "lots" });
  const sum = (rates) => rates.reduce((total, one) => total + (one ?? 0), 0);
  const perMinute = facts.counted && sum(entries.map(({ events }) => events));

  return html`
    <${Header} page="board">
      <${Connection} live=${live} />
      <div class="who">
        ${mayManageKeys(session) &&
        html`<button
          type="button"
          class="quiet"
          aria-pressed=${keys}
          onClick=${() => change(keys ? { view: "lots" } : { view: "keys", lot: null })}
        >
          ${t("keys")}
        </button>`}
        <span class="muted">${whoWords(session)}</span>
        <${SignOut} />
      </div>
    <//>
    <main id="main" class="board" data-view=${keys ? "keys" : shown.lot === null ? "wall" : "lot"}>
      ${lots.problem && html`<${Trouble} problem=${lots.problem} onRetry=${lots.reload} />`}
      ${facts.problem &&
      facts.problem.status !== 0 &&
      html`<${Trouble} problem=${facts.problem} onRetry=${facts.reload} />`}
      ${keys
        ? html`<${Keys}
            session=${session}
            operators=${[...new Set(all.map(({ lot }) => lot.operator))].sort()}
            onBack=${back}
          />`
        : shown.lot !== null
          ? open
            ? html`<${LotView}
                key=${shown.lot}
                entry=${open}
                past=${past}
                session=${session}
                lastHeard=${lastHeard.get(shown.lot)}
                onBack=${back}
                onChanged=${facts.reload}
              />`
            : lots.value && live.heardAt !== null && html`<${NoLot} onBack=${back} />`
          : lots.value === null || live.heardAt === null
            ? html`<p class="muted">${t("loading")}</p>`
            : html`<${Overview}
                entries=${entries}
                facts=${{ judged: facts.judged !== null, perMinute }}
                past=${past}
                lastHeard=${lastHeard}
                shown=${shown}
                districts=${[...new Set(all.map(({ lot }) => lot.district).filter(Boolean))].sort()}
                session=${session}
                onChange=${change}
              />`}
    </main>
  `;
}

/* `events`: a minute; null: not known yet, undefined: not told to whoever looks. */
function entryOf(lot, availability, facts, session) {
  const told = mayJudge(session, lot);
  const quality = (told && facts.judged?.get(lot.id)) || null;
  const events = told ? (facts.counted && (facts.counted.get(lot.id) ?? 0)) : undefined;
  const troubles = troublesOf(availability, quality);
  return { lot, name: named(lot.name), availability, quality, troubles, events };
}

const whoWords = ({ role, operator, label }) =>
  [t(`role.${role}`), operator, label].filter(Boolean).join(" · ");

render(html`<${Page} />`, document.getElementById("page"));
keepForOffline();
