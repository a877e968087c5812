/* The map's place in the page. Leaflet comes after the list is there; without it, the list goes on. */

import { html, useEffect, useRef, useState } from "../vendor/preact/htm-preact.js";
import { t } from "./card.js";
import { drawMap, readTiles } from "./map.js";

const LATER_MS = 100; // the list is drawn first

/** The map of what is seen. */
export function MapView({ seen, place, open, onTap, onLot }) {
  const element = useRef(null);
  const drawing = useRef(null);
  const [state, setState] = useState("coming");
  const told = useRef(null);
  told.current = { onTap, onLot };

  useEffect(() => {
    let gone = false;
    const start = async () => {
      try {
        const made = await drawMap(element.current, {
          tiles: readTiles(document.documentElement.dataset),
          onTap: (position) => told.current.onTap(position),
          onLot: (id) => told.current.onLot(id),
        });
        if (gone) made.remove();
        else drawing.current = made;
        setState("drawn");
      } catch (error) {
        console.warn(error);
        setState("failed");
      }
    };
    const later = setTimeout(start, LATER_MS);
    return () => {
      gone = true;
      clearTimeout(later);
      drawing.current?.remove();
    };
  }, []);
  useEffect(() => drawing.current?.update(seen, place, open), [state, seen, place, open]);
  useEffect(() => {
    if (state !== "drawn") return undefined;
    const observer = new ResizeObserver(() => drawing.current.resize());
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [state]);

  return html`<section class="map" aria-label=${t("map")} data-state=${state}>
    ${state === "failed"
      ? html`<p class="muted" role="status">${t("map.failed")}</p>`
      : html`<div class="map-ground" ref=${element}></div>
          <p class="map-hint muted">${t("map.tap")}</p>`}
  </section>`;
}
