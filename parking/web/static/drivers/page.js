/* The drivers' page: where am I or where am I going, which lots are near, how many spaces are free. */

import { listAll, Problem } from "../api.js";
import { useNow } from "../formats.js";
import { named, recall, remember, useLanguage } from "../i18n.js";
import { Live, useLive } from "../live.js";
import { Connection, Header, keepForOffline, Trouble } from "../ui.js";
import { html, render, useEffect, useMemo, useRef, useState } from "../vendor/preact/htm-preact.js";
import { DEFAULTS, readAddress, writeAddress } from "./address.js";
import { Alerts, useWatches } from "./alerts.js";
import { Card, t } from "./card.js";
import { choose } from "./choice.js";
import { Filters } from "./filters.js";
import { useLastHeard } from "./lastheard.js";
import { MapView } from "./mapview.js";
import { SearchBox } from "./searchbox.js";

const HEIGHT_KEPT = "parking.height";
const SHOWN = 12; // cards, and so many more at each wish
const SIGHT = 4; // cards that a phone shows at once: they are drawn before all others
const PATIENCE_MS = 200;
const LOTS_MS = 300_000; // until names, prices and hours are asked for again
const AGAIN_MS = 2000; // where there is a reason; less or more by half: not all phones at once
// Both are on their way before anything is drawn.
const live = new Live().start();
let firstLots = listAll("v1/lots");
let lotsAtOnce = null; // what came before anything was drawn

function firstWish() {
  const wish = readAddress(location.hash);
  return { ...wish, height: wish.height ?? (Number(recall(HEIGHT_KEPT)) || null) };
}

/** Plan when the lots are asked for again: soon for a `reason`, and each time later while that stays.

   `asked` counts the answers; the `problem` of the last one may say how long to leave the service alone.
   A new reason brings the moment forward, and never puts it off: reasons may come and go quickly. */
function plan(before, asked, reason, problem) {
  const answered = asked !== before.asked;
  const times = reason === before.reason ? before.times + answered : 0;
  const told = answered ? Date.now() + 1000 * (problem?.retryAfter ?? 0) : before.told;
  const soon = Math.min(AGAIN_MS * 2 ** times, LOTS_MS) * (0.5 + Math.random());
  const due = Math.max(told, Date.now()) + (reason ? soon : LOTS_MS);
  return { asked, reason, times, told, due: answered ? due : Math.min(due, before.due) };
}

/** Hook: the lots' descriptions, null until they are there, and what stands in their way. */
function useLots() {
  const [lots, setLots] = useState(lotsAtOnce);
  const [problem, setProblem] = useState(null);
  const [asked, setAsked] = useState(0);
  const load = async () => {
    try {
      const asked = firstLots ?? listAll("v1/lots");
      firstLots = null;
      setLots(await asked);
      setProblem(null);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
    }
    setAsked((times) => times + 1);
  };
  useEffect(() => {
    if (lots === null) load(); // what is on its way
  }, []);
  // A lot that is told of and not described yet is new.
  const described = useMemo(() => new Set(lots?.map(({ id }) => id)), [lots]);
  const unknown = lots === null ? [] : [...live.lots.keys()].filter((id) => !described.has(id));
  // Where it failed, the service's being there again is another reason.
  const failed = problem === null ? [] : [live.state === "live" ? "failed, heard" : "failed"];
  const reason = [...failed, ...unknown.sort()].join(" ");
  const next = useRef({ asked: -1, reason: "", times: 0, told: 0, due: 0 });
  useEffect(() => {
    if (lots === null && problem === null) return undefined;
    next.current = plan(next.current, asked, reason, problem);
    const timer = setTimeout(() => {
      next.current.due = Infinity; // under way: what comes meanwhile does not ask at once
      load();
    }, next.current.due - Date.now());
    return () => clearTimeout(timer);
  }, [asked, reason, lots === null]);
  return { lots: lots?.filter((lot) => !live.heardAt || live.lots.has(lot.id)) ?? null, problem, load };
}

function Page() {
  useLanguage();
  useNow();
  useLive(live);
  const { lots, problem, load } = useLots();
  const [wish, setWish] = useState(firstWish);
  const [shown, setShown] = useState(SIGHT);
  const [hint, setHint] = useState("");
  const [mapOpen, setMapOpen] = useState(true);
  const change = (more) => setWish((before) => ({ ...before, ...more }));
  const seen = useMemo(() => choose(lots ?? [], live.lots, wish), [lots, wish, live.count]);
  const lastHeard = useLastHeard(seen);
  const watches = useWatches(lots ?? [], live, wish);

  useEffect(() => {
    if (lots !== null) afterFrame(() => setShown((most) => Math.max(most, SHOWN)));
  }, [lots !== null]);
  useEffect(() => keepAddress(wish), [wish]);
  useEffect(() => {
    const follow = () => setWish((before) => ({ ...before, ...readAddress(location.hash) }));
    window.addEventListener("hashchange", follow);
    return () => window.removeEventListener("hashchange", follow);
  }, []);
  useEffect(() => remember(HEIGHT_KEPT, wish.height && String(wish.height)), [wish.height]);

  const open = (id) => {
    change({ lot: id });
    if (id) requestAnimationFrame(() => scrollToLot(id));
  };
  const locate = () => findMe(setHint, (place) => change({ place }));
  const found = ({ kind, id, location: { lat, lon }, name }) => {
    change({ place: { lat, lon, from: "name", name }, lot: kind === "lot" ? id : wish.lot });
    setHint("");
  };
  const classes = [...new Set((lots ?? []).flatMap((lot) => lot.zones.map((zone) => zone.class)))];

  return html`
    <${Header} page="drivers"><${Connection} live=${live} /><//>
    <main id="main" class="drivers" data-map=${mapOpen}>
      <div class="ask">
        <div class="where">
          <${SearchBox}
            lots=${lots ?? []}
            name=${wish.place?.name}
            onFind=${found}
            onClear=${() => change({ place: null })}
          />
          <button type="button" onClick=${locate}>◎ ${t("locate")}</button>
        </div>
        <p class="hint" role="status">${hint}</p>
        <${Filters} wish=${wish} classes=${classes} onChange=${change} />
      </div>
      <${Alerts} watches=${watches} wish=${wish} onShow=${open} />
      ${problem && lots === null && html`<${Trouble} problem=${problem} onRetry=${load} />`}
      ${mapOpen &&
      (lots === null
        ? html`<section class="map"></section>`
        : html`<${MapView}
        seen=${seen}
        place=${wish.place}
        open=${wish.lot}
        onLot=${open}
        onTap=${(position) => change({ place: { ...position, from: "map", name: null } })}
      />`)}
      <section class="list" aria-labelledby="list-title">
        <div class="list-head">
          <h2 id="list-title">${placeWords(wish.place)}</h2>
          ${wish.place
            ? html`<button type="button" class="quiet" onClick=${() => change({ place: null })}>
                ${t("clear")}
              </button>`
            : null}
          <button
            type="button"
            class="quiet map-switch"
            aria-expanded=${mapOpen}
            onClick=${() => setMapOpen(!mapOpen)}
          >
            ${t(mapOpen ? "map.hide" : "map.show")}
          </button>
        </div>
        ${!wish.place && html`<p class="muted">${t("place.pick")}</p>`}
        ${lots === null
          ? !problem && html`<p class="muted">${t("loading")}</p>`
          : html`<${List}
              seen=${seen}
              wish=${wish}
              shown=${shown}
              onMore=${() => setShown(shown + SHOWN)}
              onOpen=${open}
              watches=${watches}
              onShare=${(lot) => share(lot, wish, setHint)}
              lastHeard=${lastHeard}
            />`}
      </section>
    </main>
  `;
}

function List({ seen, wish, shown, onMore, onOpen, watches, onShare, lastHeard }) {
  if (seen.length === 0) return html`<p class="muted">${t("list.empty")}</p>`;
  const card = (one) =>
    html`<${Card}
      key=${one.lot.id}
      seen=${one}
      wish=${wish}
      open=${wish.lot === one.lot.id}
      onOpen=${onOpen}
      watched=${watches.watched.includes(one.lot.id)}
      onWatch=${() => watches.toggle(one.lot.id)}
      onShare=${() => onShare(one.lot)}
      lastHeard=${lastHeard.get(one.lot.id)}
    />`;
  // The one that is open is there, however far down it stands.
  const there = seen.filter((one, index) => index < shown || one.lot.id === wish.lot);
  const fit = there.filter((one) => one.against === null);
  const others = there.filter((one) => one.against !== null);
  const rest = seen.length - there.length;
  return html`
    ${fit.length > 0
      ? html`<ul class="lots">${fit.map(card)}</ul>`
      : html`<p class="none-fit">${t("list.noneFit")}</p>`}
    ${others.length > 0 &&
    html`<h2>${t("list.others")}</h2>
      <ul class="lots">${others.map(card)}</ul>`}
    ${rest > 0 &&
    html`<button type="button" onClick=${onMore}>
      ${t("list.more", { n: Math.min(SHOWN, rest) })}
    </button>`}
  `;
}

function placeWords(place) {
  if (place === null) return t("place.none");
  if (place.name) return t("place.named", { name: place.name });
  return t(place.from === "me" ? "place.me" : "place.map");
}

/* Where somebody is stands in no address: who passes the page on does not tell it. */
const passedOn = (wish) => (wish.place?.from === "me" ? { ...wish, place: null } : wish);

function keepAddress(wish) {
  const wanted = writeAddress(passedOn(wish));
  if (wanted !== location.hash) history.replaceState(null, "", wanted || location.pathname);
}

async function share(lot, wish, tell) {
  const url = new URL(location.href);
  url.hash = writeAddress({ ...DEFAULTS, ...passedOn(wish), lot: lot.id });
  try {
    if (navigator.share) await navigator.share({ title: named(lot.name), url: url.href });
    else {
      await navigator.clipboard.writeText(url.href);
      tell(t("share.copied"));
    }
  } catch (error) {
    if (error.name !== "AbortError") tell(t("share.failed"));
  }
}

function findMe(tell, onFound) {
  if (!navigator.geolocation) {
    tell(t("locate.failed"));
    return;
  }
  tell(t("locate.asking"));
  navigator.geolocation.getCurrentPosition(
    ({ coords: { latitude: lat, longitude: lon } }) => {
      tell("");
      onFound({ lat, lon, from: "me", name: null });
    },
    ({ code, PERMISSION_DENIED }) =>
      tell(t(code === PERMISSION_DENIED ? "locate.denied" : "locate.failed")),
    { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 },
  );
}

function scrollToLot(id) {
  document.getElementById(`lot-${id}`)?.scrollIntoView({ block: "nearest", behavior: "smooth" });
}

/* Do something when what was drawn by now is seen. */
function afterFrame(act) {
  requestAnimationFrame(() => setTimeout(act));
}

/* Draw, at once with what is known: what comes within a moment is not waited for in vain. */
async function begin() {
  const described = firstLots.then((lots) => {
    lotsAtOnce = lots;
  });
  const heard = new Promise((resolve) => live.subscribe(resolve));
  const known = Promise.all([described, heard]).catch(() => null); // told where it is awaited
  await Promise.race([known, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
  if (lotsAtOnce !== null) firstLots = null;
  render(html`<${Page} />`, document.getElementById("page"));
}

begin();
if (document.readyState === "complete") keepForOffline();
else window.addEventListener("load", keepForOffline);
