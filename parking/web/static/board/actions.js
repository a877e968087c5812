/* What operators do: recount, void, close, open. Each is an event with a reason. */

import { askJson, now, Problem } from "../api.js";
import { html, useRef, useState } from "../vendor/preact/htm-preact.js";
import { Dialog, Field } from "./dialog.js";
import { t, zoneName } from "./say.js";

/** Store an event; Problem when it is refused. Sent again it is a duplicate, and counts once. */
async function store(key, event) {
  const receipt = await askJson("v1/events", { key, body: { events: [event] } });
  const [refusal] = receipt.rejected;
  if (refusal) throw new Problem(200, { detail: `${refusal.code}: ${refusal.detail}` });
}

/** Hook: give what sends an event once, however often somebody has to press the button for it. */
function useSending(session) {
  const made = useRef({ content: "", event: null });
  return async (fields) => {
    const content = JSON.stringify(fields);
    if (made.current.content !== content) {
      const id = `board:${crypto.getRandomValues(new Uint32Array(3)).join("-")}`;
      const observed_at = new Date(now()).toISOString();
      made.current = { content, event: { ...fields, id, observed_at } };
    }
    await store(session.key, made.current.event);
    return true;
  };
}

function Reason({ value, onChange }) {
  return html`<${Field} label=${t("reason")} hint=${t("reason.hint")}>
    <input
      required
      maxlength="500"
      autocomplete="off"
      value=${value}
      onInput=${(event) => onChange(event.currentTarget.value)}
    />
  <//>`;
}

/** Tell how many cars were counted in a zone. */
export function Recount({ session, lot, zone, estimate, onDone, onClose }) {
  const send = useSending(session);
  const [cars, setCars] = useState("");
  const [reason, setReason] = useState("");
  const submit = async () => {
    const fields = { type: "recount", lot, zone: zone.id, occupied: Number(cars), reason };
    await send(fields);
    onDone(t("recount.done"));
    return true;
  };
  return html`<${Dialog}
    title=${t("recount.title", { zone: zoneName(zone) })}
    action=${t("recount")}
    send=${submit}
    onClose=${onClose}
  >
    <p>${t("recount.explain")}</p>
    <${Field}
      label=${t("recount.cars")}
      hint=${estimate === null ? null : t("recount.expect", { n: estimate })}
    >
      <input
        type="number"
        inputmode="numeric"
        required
        min="0"
        max="1000000000"
        step="1"
        value=${cars}
        onInput=${(event) => setCars(event.currentTarget.value)}
      />
    <//>
    <${Reason} value=${reason} onChange=${setReason} />
  <//>`;
}

/** Have an event of the log not count. */
export function Void({ session, lot, event, words, onDone, onClose }) {
  const send = useSending(session);
  const [reason, setReason] = useState("");
  const submit = async () => {
    await send({ type: "void", lot, event: event.id, reason });
    onDone(t("void.done"));
    return true;
  };
  return html`<${Dialog}
    title=${t("void.title")}
    action=${t("void")}
    danger
    send=${submit}
    onClose=${onClose}
  >
    <p>${words}</p>
    <p class="muted">${t("void.explain")}</p>
    <${Reason} value=${reason} onChange=${setReason} />
  <//>`;
}

/** Close a lot or open it again; `status` is what it is to become. */
export function Status({ session, lot, name, status, onDone, onClose }) {
  const send = useSending(session);
  const [reason, setReason] = useState("");
  const submit = async () => {
    await send({ type: "status", lot, status, reason });
    onDone(t(`status.${status}.done`));
    return true;
  };
  return html`<${Dialog}
    title=${t(`status.${status}.title`, { name })}
    action=${t(`status.${status}`)}
    danger=${status === "closed"}
    send=${submit}
    onClose=${onClose}
  >
    <p>${t(`status.${status}.explain`)}</p>
    <${Reason} value=${reason} onChange=${setReason} />
  <//>`;
}
