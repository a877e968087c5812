/* The form to sign in with a key, for pages that are not for everybody. */

import { Problem } from "./api.js";
import { translator } from "./i18n.js";
import { signIn } from "./session.js";
import { Trouble } from "./ui.js";
import { html, useState } from "./vendor/preact/htm-preact.js";
import { words } from "./words.js";

const t = translator(words);
const REFUSED = { 401: "signIn.wrong", 403: "signIn.forbidden", 429: "signIn.later" };

/** The form; `check(key)` is that of signIn, `hint` says which keys the page takes. */
export function SignIn({ hint, check }) {
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await signIn(typed, check);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  const refused = problem && REFUSED[problem.status];
  return html`<form class="card sign-in" onSubmit=${submit}>
    <h2>${t("signIn")}</h2>
    <label for="key">${t("signIn.key")}</label>
    <input
      id="key"
      type="password"
      autocomplete="off"
      autocapitalize="off"
      spellcheck=${false}
      required
      aria-describedby="key-hint"
      aria-invalid=${Boolean(refused)}
      value=${typed}
      onInput=${(event) => setTyped(event.target.value)}
    />
    <p id="key-hint" class="muted">${hint} ${t("signIn.kept")}</p>
    ${
      refused
        ? html`<p class="trouble" role="alert">${t(refused)}</p>`
        : problem && html`<${Trouble} problem=${problem} />`
    }
    <button type="submit" class="primary" disabled=${busy}>${t("signIn")}</button>
  </form>`;
}
