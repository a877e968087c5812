/* Asking the service, which lies beside the page, whatever path a proxy has put both below. */

/** A refusal as the service tells it (RFC 9457), or `status` 0 when it could not be reached. */
export class Problem extends Error {
  constructor(status, document, retryAfter = null) {
    super(document.detail ?? document.title ?? `status ${status}`);
    this.status = status;
    this.document = document;
    this.retryAfter = retryAfter;
  }
}

let skew = 0;

/** Give the present by the service's clock, ms: phones' clocks are often wrong. */
export const now = () => Date.now() + skew;

/** Give the address of a path such as "v1/lots", below the prefix. */
export function address(path, parameters = {}) {
  const url = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, value);
  }
  return url;
}

/** Ask, and give the answer; Problem for a refusal.

   `key` is sent as the bearer's; `body` is sent as JSON. Answers that the service worker kept while
   there was no network bear when they were kept: see keptAt. */
export async function ask(path, { parameters, key, body, method, signal, headers } = {}) {
  const sent = { ...headers };
  if (key) sent.Authorization = `Bearer ${key}`;
  if (body !== undefined) sent["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(address(path, parameters), {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: sent,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0, { title: String(error) });
  }
  if (keptAt(response) === null) readClock(response);
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** Ask, and give the answer's JSON; null for an answer without a body. */
export async function askJson(path, options) {
  const response = await ask(path, options);
  return response.status === 204 ? null : readJson(response);
}

/** Read an answer's JSON; Problem when the network is lost on the way. */
export async function readJson(response) {
  try {
    return await response.json();
  } catch (error) {
    throw new Problem(0, { title: String(error) });
  }
}

/** Give all items of a list, page by page. */
export async function listAll(path, options = {}) {
  const items = [];
  let cursor = null;
  do {
    const parameters = { limit: 1000, ...options.parameters, cursor };
    const page = await askJson(path, { ...options, parameters });
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return items;
}

/** Give when an answer was kept, ms, if it comes from what the service worker keeps, else null. */
export function keptAt(response) {
  const kept = response.headers.get("X-Kept-At");
  return kept === null ? null : Number(kept);
}

async function problemOf(response) {
  const retry = Number(response.headers.get("Retry-After"));
  let document = { title: response.statusText };
  try {
    document = await response.json();
  } catch {
    /* A proxy's page, not ours: its status tells enough. */
  }
  return new Problem(response.status, document, retry > 0 ? retry : null);
}

function readClock(response) {
  const told = Date.parse(response.headers.get("Date") ?? "");
  // The header tells whole seconds, and came a moment ago: less than 2 s off is no difference.
  if (!Number.isNaN(told)) skew = Math.abs(told - Date.now()) < 2000 ? 0 : told - Date.now();
}
