/* Numbers as they change: one way in, whether they come by the stream or by asking again.

   A Live first asks for the state of all lots that match, then follows /v1/stream from there. When
   the stream does not hold (a proxy that holds bytes back, an overloaded service), it asks every few
   seconds, and tries the stream again now and then. Whatever comes goes through `take`. */

import { ask, keptAt, now, Problem, readJson } from "./api.js";
import { useEffect, useState } from "./vendor/preact/htm-preact.js";

const SILENT_MS = 40_000; // the service says something every 15 s
const POLL_MS = 10_000;
const TRY_STREAM_MS = 60_000;
const MOST_WAIT_MS = 30_000;

/** The state of the lots that match `filter` ({lots, district, class}), kept up to date. */
export class Live {
  constructor(filter = {}) {
    this.filter = filter;
    /** By lot, the availability object that the service last told. */
    this.lots = new Map();
    /** "starting", "live", "polling" or "offline". */
    this.state = "starting";
    /** When the service was last heard, ms by its clock; null: never. */
    this.heardAt = null;
    this.listeners = new Set();
    /** How often it has changed: what a memo can depend on. */
    this.count = 0;
    this.cursor = null;
    this.stopping = new AbortController();
    this.wake = () => {};
  }

  /** Follow until `stop`. `onChange(availability, before)` is told of each change of a lot. */
  start(onChange = () => {}) {
    this.onChange = onChange;
    const wake = () => document.visibilityState === "visible" && this.wake();
    for (const name of ["online", "visibilitychange"]) {
      (name === "online" ? window : document).addEventListener(name, wake, {
        signal: this.stopping.signal,
      });
    }
    this.ended = this.run();
    return this;
  }

  stop() {
    this.stopping.abort();
    this.wake();
  }

  /** Have `listener()` called after each change, at most once a frame; gives what ends that. */
  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async run() {
    let failures = 0;
    while (!this.stopping.signal.aborted) {
      let wait = null;
      try {
        if (await this.poll()) {
          failures = 0;
          await this.stream(); // until the service ends it, to restart
        } else {
          failures += 1;
        }
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        if (!(error instanceof Problem)) throw error;
        failures += 1;
        wait = error.retryAfter;
        if (error.held) await this.pollFor(TRY_STREAM_MS);
        else if (error.status === 0) this.become("offline");
      }
      // Not all at once when a service comes back: each waits a little more or less.
      const spread = 0.5 + Math.random();
      const backoff = wait === null ? 1000 * 2 ** Math.min(failures, 10) * spread : wait * 1000;
      await this.pause(Math.min(backoff, MOST_WAIT_MS));
    }
  }

  /** Ask for the state of all; whether the service told it, and not what is kept for offline. */
  async poll() {
    const response = await ask("v1/availability", {
      parameters: this.filter,
      signal: this.stopping.signal,
    });
    const { cursor, items } = await readJson(response);
    const kept = keptAt(response);
    if (kept === null) {
      this.cursor = cursor;
      const there = new Set(items.map((item) => item.lot));
      for (const lot of this.lots.keys()) if (!there.has(lot)) this.lots.delete(lot);
      this.tell();
    }
    for (const item of items) this.take(item, kept !== null);
    this.heardAt = kept ?? now();
    if (kept !== null) this.become("offline");
    else if (this.state === "offline") this.become("polling");
    return kept === null;
  }

  async pollFor(milliseconds) {
    const end = Date.now() + milliseconds;
    this.become("polling");
    while (Date.now() < end && !this.stopping.signal.aborted) {
      await this.poll();
      await this.pause(POLL_MS);
    }
  }

  /** Follow the stream until it ends; a Problem that is `held` when it opens but tells nothing. */
  async stream() {
    const silence = new AbortController();
    const { signal } = silence;
    const end = () => silence.abort();
    this.stopping.signal.addEventListener("abort", end);
    let timer = setTimeout(end, SILENT_MS);
    let told = false;
    const lost = (error) => {
      if (error instanceof Problem || this.stopping.signal.aborted) throw error;
      const problem = new Problem(0, { title: String(error) });
      problem.held = signal.aborted && !told;
      throw problem;
    };
    try {
      const response = await ask("v1/stream", {
        parameters: { ...this.filter, cursor: this.cursor },
        headers: { Accept: "text/event-stream" },
        signal,
      }).catch(lost);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read().catch(lost);
        if (done) return;
        told = true;
        clearTimeout(timer);
        timer = setTimeout(end, SILENT_MS);
        this.heardAt = now();
        this.become("live");
        const frames = (rest + value).split("\n\n");
        rest = frames.pop();
        for (const frame of frames) this.read(frame);
      }
    } finally {
      clearTimeout(timer);
      this.stopping.signal.removeEventListener("abort", end);
      silence.abort();
    }
  }

  /** Read a frame of the stream: lines `event:`, `id:`, `data:`, or a comment. */
  read(frame) {
    const fields = {};
    for (const line of frame.split("\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 1).trimStart();
    }
    if (fields.data === undefined) return;
    if (fields.id !== undefined) this.cursor = fields.id;
    const data = JSON.parse(fields.data);
    if (fields.event === "retired") {
      this.lots.delete(data.lot);
      this.tell();
    } else {
      this.take(data);
    }
  }

  /** Take a lot's availability, wherever it came from; what was kept never replaces what was told. */
  take(availability, kept = false) {
    const before = this.lots.get(availability.lot);
    if (before !== undefined) {
      if (kept || JSON.stringify(before) === JSON.stringify(availability)) return;
    }
    this.lots.set(availability.lot, availability);
    this.onChange(availability, before);
    this.tell();
  }

  become(state) {
    if (this.state === state) return;
    this.state = state;
    this.tell();
  }

  tell() {
    this.count += 1;
    if (this.telling) return;
    this.telling = true;
    // Not requestAnimationFrame: that stands still in a tab that is not seen.
    setTimeout(() => {
      this.telling = false;
      for (const listener of this.listeners) listener();
    }, 16);
  }

  /** Wait, but no longer than until the network or the person is back. */
  pause(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Hook: draw the component again when `live` changes; gives `live`. */
export function useLive(live) {
  const [, setCount] = useState(0);
  useEffect(() => live.subscribe(() => setCount((count) => count + 1)), [live]);
  return live;
}
