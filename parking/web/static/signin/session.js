/* Who is signed in: a key, and whom it stands for, kept while this tab is open: in no address, no
   cookie, no cache and no other tab.

   Pages of one service share it; of another service below another path of this host, not. */

import { askJson, Problem } from "../api.js";
import { useEffect, useState } from "../vendor/preact/htm-preact.js";

const KEPT = `parking.session ${new URL(".", document.baseURI).pathname}`;
const FORM = /^[\x21-\x7e]{1,512}$/; // what a header can bear
const listeners = new Set();
const state = { session: recalled(), ended: false };

/** Give the key that is signed in with, null without one. */
export const key = () => state.session?.key ?? null;

/** Use a key from now on; Problem when it is not valid, or nobody can tell. */
export async function signIn(given) {
  become(await ask(given.trim()));
}

/** Forget the key. */
export const signOut = () => become(null);

/** Take a refusal: whoever's key is no longer valid has to sign in again. */
export function refused(problem) {
  if (problem.status === 401 && state.session !== null) become(null, true);
}

/** Ask once whether the key that was kept is still valid; without a network it is believed. */
export async function confirm() {
  const { session } = state;
  if (session === null) return;
  try {
    const told = await ask(session.key);
    if (state.session === session) become(told); // nobody has signed out meanwhile
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (state.session === session) refused(error);
  }
}

/** Hook: {session, ended}: who is signed in, as {key, id, role, operator, label}, null for nobody;
   whether a key stopped being valid. */
export function useSession() {
  const [, setCount] = useState(0);
  useEffect(() => {
    const listener = () => setCount((count) => count + 1);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, []);
  return { ...state };
}

async function ask(wanted) {
  if (!FORM.test(wanted)) throw new Problem(401, { title: "This is not a key." });
  const { id, role, operator, label } = await askJson("v1/key", { key: wanted });
  return { key: wanted, id, role, operator, label };
}

function become(session, ended = false) {
  state.session = session;
  state.ended = ended;
  try {
    if (session === null) sessionStorage.removeItem(KEPT);
    else sessionStorage.setItem(KEPT, JSON.stringify(session));
  } catch {
    /* The browser keeps nothing: it lasts until the page is left. */
  }
  for (const listener of listeners) listener();
}

function recalled() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  } catch {
    return null;
  }
}
