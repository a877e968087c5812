/* Who uses the board: a key, held for this tab alone, and what it may do.

   The key stands in sessionStorage: a reload keeps it, closing the tab forgets it, no other tab has it. */

import { askJson, Problem } from "../api.js";
import { useEffect, useState } from "../vendor/preact/htm-preact.js";

const KEPT = "parking.board";
const listeners = new Set();
const state = { session: recalled(), ended: false };

function recalled() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  } catch {
    return null;
  }
}

function become(session, ended = false) {
  state.session = session;
  state.ended = ended;
  try {
    if (session === null) sessionStorage.removeItem(KEPT);
    else sessionStorage.setItem(KEPT, JSON.stringify(session));
  } catch {
    /* A private window: it holds until the page is left. */
  }
  for (const listener of listeners) listener();
}

/** Use a key from now on; Problem when it is not valid, or nobody can tell. */
export async function signIn(key) {
  const { id, role, operator, label } = await askJson("v1/key", { key });
  become({ key, id, role, operator, label });
}

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
    await signIn(session.key);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    refused(error);
  }
}

/** Hook: {session, ended}: who is signed in, null for nobody; whether a key stopped being valid. */
export function useSession() {
  const [, setCount] = useState(0);
  useEffect(() => {
    const listener = () => setCount((count) => count + 1);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, []);
  return { ...state };
}

/** Whether it may see a lot's sensors and log, recount, void, close and open it. */
export const mayRun = (session, lot) =>
  session.role === "admin" || (session.role === "operator" && session.operator === lot.operator);

/** Whether it is told of a lot's quality and activity. */
export const mayJudge = (session, lot) => session.role === "planner" || mayRun(session, lot);

export const mayManageKeys = (session) => session.role === "admin";
