/* Signing in with a key, and out again, on pages that are not for everybody. */

import { Problem } from "../api.js";
import { translator } from "../i18n.js";
import { Trouble } from "../ui.js";
import { html, useState } from "../vendor/preact/htm-preact.js";
import { signIn, signOut, useSession } from "./session.js";
import { words } from "./words.js";

const t = translator(words);
const REFUSED = { 401: "signIn.wrong", 429: "signIn.later" };

/** The form; `hint` says which keys the page takes. */
export function SignIn({ hint = "" }) {
  const { ended } = useSession();
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await signIn(typed);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  const refusal = problem && REFUSED[problem.status];
  return html`<form class="card sign-in" onSubmit=${submit}>
    <h2>${t("signIn")}</h2>
    ${ended && !problem && html`<p role="alert">${t("signIn.ended")}</p>`}
    <label for="key">${t("signIn.key")}</label>
    <input
      id="key"
      type="password"
      autocomplete="off"
      autocapitalize="off"
      spellcheck=${false}
      required
      aria-describedby="key-hint"
      aria-invalid=${Boolean(refusal)}
      value=${typed}
      onInput=${(event) => setTyped(event.target.value)}
    />
    <p id="key-hint" class="muted">${hint} ${t("signIn.kept")}</p>
    ${
      refusal
        ? html`<p class="trouble" role="alert">${t(refusal)}</p>`
        : problem && html`<${Trouble} problem=${problem} />`
    }
    <button type="submit" class="primary" disabled=${busy}>${t("signIn")}</button>
  </form>`;
}

/** The button to sign out. */
export function SignOut() {
  return html`<button type="button" class="quiet" onClick=${signOut}>${t("signOut")}</button>`;
}
