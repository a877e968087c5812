/* What the service was asked, asked again by the clock and when something has changed. */

import { Problem } from "../api.js";
import { refused } from "../signin/session.js";
import { useEffect, useRef, useState } from "../vendor/preact/htm-preact.js";

const PAUSE_MS = 1500; // between two questions that changes ask for

/** Hook: what `load(signal)` gives, as {value, problem, reload}; `value` is null until it is there.

   `what` names what is asked: another one is asked anew, null is not asked at all. It is asked again
   every `every` ms, and soon after `change` has changed. What was told stays while a problem lasts. */
export function useAsked(load, what, { every = null, change = null } = {}) {
  const [told, setTold] = useState({ what: null, value: null, problem: null });
  const latest = useRef(load);
  latest.current = load;
  const asking = useRef({ stop: null, timer: null });

  const ask = async () => {
    asking.current.stop?.abort();
    const stop = new AbortController();
    asking.current.stop = stop;
    const tell = (value, problem) =>
      setTold((before) => ({
        what,
        value: value ?? (before.what === what ? before.value : null),
        problem,
      }));
    try {
      const value = await latest.current(stop.signal);
      if (!stop.signal.aborted) tell(value, null);
    } catch (error) {
      if (stop.signal.aborted) return;
      if (!(error instanceof Problem)) throw error;
      refused(error);
      tell(null, error);
    }
  };

  useEffect(() => {
    if (what === null) return undefined;
    ask();
    const timer = every && setInterval(ask, every);
    return () => {
      clearInterval(timer);
      clearTimeout(asking.current.timer);
      asking.current.timer = null;
      asking.current.stop?.abort();
    };
  }, [what, every]);

  const first = useRef(true);
  useEffect(() => {
    if (first.current || what === null || asking.current.timer !== null) {
      first.current = false;
      return;
    }
    asking.current.timer = setTimeout(() => {
      asking.current.timer = null;
      ask();
    }, PAUSE_MS);
  }, [change]);

  const current = told.what === what ? told : { value: null, problem: null };
  return { value: current.value, problem: current.problem, reload: ask };
}
