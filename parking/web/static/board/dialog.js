/* A question in front of everything else: a form in a dialog, which tells how its sending went. */

import { Problem } from "../api.js";
import { refused } from "../signin/session.js";
import { Trouble } from "../ui.js";
import { html, useEffect, useRef, useState } from "../vendor/preact/htm-preact.js";
import { t } from "./say.js";

/** A dialog with a form: `send()` does it, and throws what went wrong; `onClose` ends it.

   `send` gives true when it is done, something else when it tells of it by itself. */
export function Dialog({ title, send, action, danger, onClose, children }) {
  const element = useRef(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    const dialog = element.current;
    dialog.showModal();
    return () => dialog.close(); // gives the focus back to where it was
  }, []);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      if ((await send()) === true) onClose();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      refused(error);
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  const cancel = (event) => {
    event.preventDefault();
    onClose();
  };
  return html`<dialog ref=${element} class="dialog" aria-labelledby="dialog-title" onCancel=${cancel}>
    <form onSubmit=${submit}>
      <h2 id="dialog-title">${title}</h2>
      ${children}
      ${problem && html`<${Trouble} problem=${problem} />`}
      <div class="dialog-ends">
        <button type="button" onClick=${onClose}>${t(action ? "cancel" : "close")}</button>
        ${action &&
        html`<button type="submit" class=${danger ? "danger" : "primary"} disabled=${busy}>
          ${busy ? t("sending") : action}
        </button>`}
      </div>
    </form>
  </dialog>`;
}

/** A field with its label, and a hint below it. */
export function Field({ label, hint, children }) {
  return html`<label class="field">
    <span>${label}</span>
    ${children} ${hint && html`<span class="muted hint">${hint}</span>`}
  </label>`;
}
