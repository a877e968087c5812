/* Keys, for admins: listed, made (and shown this once), revoked. */

import { askJson, listAll } from "../api.js";
import { clock } from "../formats.js";
import { Trouble } from "../ui.js";
import { html, useEffect, useRef, useState } from "../vendor/preact/htm-preact.js";
import { useAsked } from "./asked.js";
import { Dialog, Field } from "./dialog.js";
import { t } from "./say.js";
import { Table } from "./table.js";

const ROLES = ["operator", "planner", "admin"];
const AGAIN_MS = 30_000;

/** The list of keys; `operators` are those whose lots there are, to choose from. */
export function Keys({ session, operators, onBack }) {
  const { key } = session;
  const told = useAsked((signal) => listAll("v1/keys", { key, signal }), "keys", { every: AGAIN_MS });
  const [asked, setAsked] = useState(null);
  const title = useRef(null);
  useEffect(() => title.current.focus(), []);
  const close = () => {
    setAsked(null);
    told.reload();
  };
  const keys = [...(told.value ?? [])].reverse();
  return html`<article class="keys-view" aria-labelledby="keys-title">
    <header class="lot-top">
      <button type="button" class="quiet" onClick=${onBack}>← ${t("back")}</button>
      <h2 id="keys-title" ref=${title} tabindex="-1">${t("keys")}</h2>
      <button type="button" class="primary" onClick=${() => setAsked("make")}>
        ${t("keys.make")}
      </button>
    </header>
    ${told.problem && html`<${Trouble} problem=${told.problem} onRetry=${told.reload} />`}
    ${told.value?.length === 0 && html`<p class="muted">${t("keys.none")}</p>`}
    ${keys.length > 0 &&
    html`<${Table}
      name="keys"
      heading="keys-title"
      columns=${["key", "role", "operator", "label", "created", "expires", "revoke"]}
    >
      ${keys.map(
        (one) =>
          html`<${Row}
            key=${one.id}
            one=${one}
            own=${one.id === session.id}
            onRevoke=${() => setAsked(one)}
          />`,
      )}
    <//>`}
    ${asked === "make" &&
    html`<${Make} session=${session} operators=${operators} onClose=${close} />`}
    ${asked?.id && html`<${Revoke} session=${session} one=${asked} onClose=${close} />`}
  </article>`;
}

function Row({ one, own, onRevoke }) {
  const over = one.revoked_at !== null;
  return html`<tr data-over=${over}>
    <th scope="row">${one.id}${own ? ` (${t("keys.own")})` : ""}</th>
    <td>${t(`role.${one.role}`)}</td>
    <td>${one.operator ?? "–"}</td>
    <td>${one.label}</td>
    <td>${clock(one.created_at)}</td>
    <td>${one.expires_at === null ? t("keys.never") : clock(one.expires_at)}</td>
    <td>
      ${over
        ? t("keys.revoked", { time: clock(one.revoked_at) })
        : html`<button
            type="button"
            class="quiet"
            aria-label=${`${t("keys.revoke")}: ${one.label || one.id}`}
            onClick=${onRevoke}
          >
            ${t("keys.revoke")}
          </button>`}
    </td>
  </tr>`;
}

function Make({ session, operators, onClose }) {
  const [wish, setWish] = useState({ role: "operator", operator: "", label: "", expires: "" });
  const [made, setMade] = useState(null);
  const set = (name) => (event) => setWish({ ...wish, [name]: event.currentTarget.value });
  const send = async () => {
    const body = {
      role: wish.role,
      operator: wish.role === "operator" ? wish.operator.trim() : null,
      label: wish.label,
      expires_at: wish.expires === "" ? null : new Date(wish.expires).toISOString(),
    };
    setMade(await askJson("v1/keys", { key: session.key, body }));
  };
  if (made !== null) return html`<${Shown} made=${made} onClose=${onClose} />`;
  return html`<${Dialog} title=${t("keys.make")} action=${t("keys.do")} send=${send} onClose=${onClose}>
    <${Field} label=${t("column.role")}>
      <select value=${wish.role} onChange=${set("role")}>
        ${ROLES.map((role) => html`<option key=${role} value=${role}>${t(`role.${role}`)}</option>`)}
      </select>
    <//>
    ${wish.role === "operator" &&
    html`<${Field} label=${t("column.operator")}>
      <input
        required
        maxlength="64"
        pattern="[A-Za-z0-9._\\-]+"
        list="operators"
        autocomplete="off"
        value=${wish.operator}
        onInput=${set("operator")}
      />
      <datalist id="operators">
        ${operators.map((name) => html`<option key=${name} value=${name}></option>`)}
      </datalist>
    <//>`}
    <${Field} label=${t("column.label")} hint=${t("keys.label.hint")}>
      <input maxlength="200" autocomplete="off" value=${wish.label} onInput=${set("label")} />
    <//>
    <${Field} label=${t("column.expires")} hint=${t("keys.expires.hint")}>
      <input type="datetime-local" value=${wish.expires} onInput=${set("expires")} />
    <//>
  <//>`;
}

/* A dialog of its own, so that it opens anew and says what is in it. */
function Shown({ made, onClose }) {
  const [copied, setCopied] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(made.key);
      setCopied(t("keys.copied"));
    } catch {
      setCopied(t("keys.notCopied"));
    }
  };
  return html`<${Dialog} key="shown" title=${t("keys.shown")} onClose=${onClose}>
    <p>${t("keys.shown.explain")}</p>
    <p class="secret"><code>${made.key}</code></p>
    <button type="button" onClick=${copy}>${t("keys.copy")}</button>
    <p role="status">${copied}</p>
  <//>`;
}

function Revoke({ session, one, onClose }) {
  const send = async () => {
    const path = `v1/keys/${encodeURIComponent(one.id)}`;
    await askJson(path, { key: session.key, method: "DELETE" });
    return true;
  };
  return html`<${Dialog}
    title=${t("keys.revoke.title", { name: one.label || one.id })}
    action=${t("keys.revoke")}
    danger
    send=${send}
    onClose=${onClose}
  >
    <p>${t("keys.revoke.explain")}</p>
  <//>`;
}
