/* Signing in: a key, held for this tab alone. */

import { Problem } from "../api.js";
import { Trouble } from "../ui.js";
import { html, useState } from "../vendor/preact/htm-preact.js";
import { Field } from "./dialog.js";
import { t } from "./say.js";
import { signIn } from "./session.js";

/** The form; `ended`: the key that was used is not valid any more. */
export function SignIn({ ended }) {
  const [key, setKey] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await signIn(key.trim());
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setBusy(false);
      setProblem(error);
    }
  };
  return html`<form class="signin card" onSubmit=${submit}>
    <h2>${t("signin")}</h2>
    ${ended && html`<p role="alert">${t("signin.ended")}</p>`}
    <${Field} label=${t("signin.key")} hint=${t("signin.hint")}>
      <input
        type="password"
        required
        autocomplete="off"
        spellcheck="false"
        value=${key}
        onInput=${(event) => setKey(event.currentTarget.value)}
      />
    <//>
    ${problem &&
    (problem.status === 401
      ? html`<p class="trouble" role="alert">${t("signin.wrong")}</p>`
      : html`<${Trouble} problem=${problem} />`)}
    <button type="submit" class="primary" disabled=${busy}>${t("signin.do")}</button>
  </form>`;
}
