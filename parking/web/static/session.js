/* Who is signed in: a key, kept while this tab is open, in no address, no cookie and no cache.

   Pages of one service share it; of another service below another path of this host, not. */

import { Problem } from "./api.js";
import { useEffect, useState } from "./vendor/preact/htm-preact.js";

const KEPT = `parking.key ${new URL(".", document.baseURI).pathname}`;
const FORM = /^[\x21-\x7e]{1,512}$/; // what a header can bear
const listeners = new Set();
let current = recalled();

/** Give the key that is signed in with, null without one. */
export const key = () => current;

/** Sign in: `check(key)` asks the service something and throws its Problem when the key is no good. */
export async function signIn(given, check) {
  const wanted = given.trim();
  if (!FORM.test(wanted)) throw new Problem(401, { title: "This is not a key." });
  const answer = await check(wanted);
  become(wanted);
  return answer;
}

/** Forget the key: by wish, or because the service does not take it any more. */
export function signOut() {
  become(null);
}

/** Hook: the key; the component is drawn again when somebody signs in or out. */
export function useKey() {
  const [known, setKnown] = useState(current);
  useEffect(() => {
    listeners.add(setKnown);
    return () => listeners.delete(setKnown);
  }, []);
  return known;
}

function become(wanted) {
  current = wanted;
  try {
    if (wanted === null) sessionStorage.removeItem(KEPT);
    else sessionStorage.setItem(KEPT, wanted);
  } catch {
    /* The browser keeps nothing: it lasts until the page is left. */
  }
  for (const listener of listeners) listener(wanted);
}

function recalled() {
  try {
    return sessionStorage.getItem(KEPT);
  } catch {
    return null;
  }
}
