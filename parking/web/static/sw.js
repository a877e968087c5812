/* Opens the pages without a network, and shows what was last known, with its age.

   It keeps the files of this version, the pages, and the last answers to two public questions. It
   never touches a request that bears a key, nor the stream. What it answers from what it kept bears
   X-Kept-At, the moment in ms, by which pages tell that it is old. */

const FILES = "{{files}}".split(" ").map((name) => `{{static}}/${name}`);
const PAGES = ["./", "board", "planner"];
const DATA = ["v1/lots", "v1/availability"];
const CACHE = "parking-{{static}}";
const MOST_ANSWERS = 20;
const PATIENCE_MS = 5000;

const scope = self.registration.scope;
const inScope = (path) => new URL(path, scope).href;

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(CACHE);
      await cache.addAll(FILES.map(inScope));
      await cache.addAll(PAGES.map((path) => new Request(inScope(path), { cache: "reload" })));
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const ours = (name) => name.startsWith("parking-static/") && name !== CACHE;
      for (const name of await caches.keys()) if (ours(name)) await forget(name);
      await self.clients.claim();
    })(),
  );
});

/* Another service below another path of this host has caches too: only what lies in our scope goes. */
async function forget(name) {
  const cache = await caches.open(name);
  for (const request of await cache.keys()) {
    if (request.url.startsWith(scope)) await cache.delete(request);
  }
  if ((await cache.keys()).length === 0) await caches.delete(name);
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || request.headers.has("Authorization")) return;
  const url = new URL(request.url);
  if (!url.href.startsWith(scope)) return;
  const path = url.href.slice(scope.length).replace(/[?#].*$/, "");
  if (path.startsWith("static/")) event.respondWith(keptFirst(request));
  else if (PAGES.includes(path || "./")) event.respondWith(page(request, path || "./"));
  else if (DATA.includes(path)) event.respondWith(freshFirst(event, request));
});

async function keptFirst(request) {
  return (await caches.match(request)) ?? fetch(request);
}

/** Fetch a page; without a network, or from a proxy that cannot reach the service, the one kept. */
async function page(request, path) {
  try {
    const response = await fetch(request);
    if (response.status < 500) return response;
  } catch {
    /* There is no network. */
  }
  return (await caches.match(inScope(path))) ?? Response.error();
}

/** Ask the service; what was kept when there is no network, or one that brings nothing. */
async function freshFirst(event, request) {
  const asked = fetch(request).then((response) => {
    if (response.ok) event.waitUntil(keep(request, response.clone()));
    return response;
  });
  const fallback = async () => (await caches.match(request)) ?? asked;
  const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  return Promise.race([asked.catch(fallback), patience.then(fallback)]);
}

/** Keep an answer with its moment, and no more than so many. */
async function keep(request, response) {
  const cache = await caches.open(CACHE);
  const headers = new Headers(response.headers);
  headers.set("X-Kept-At", String(Date.now()));
  headers.delete("Content-Encoding"); // the body is not packed any more
  await cache.put(request, new Response(await response.blob(), { headers }));
  const kept = (await cache.keys()).filter((one) => one.url.startsWith(inScope("v1/")));
  for (const old of kept.slice(0, -MOST_ANSWERS)) await cache.delete(old);
}
