/* The map beside the list: tiles where they are set, else each district's outline; the lots; the place.

   Tiles have a datum of their own, so all that is drawn is moved into it, and what is tapped out of it.
   The list says all that the map does: the map is no stop for the keyboard, but for its buttons. */

import { count } from "../formats.js";
import { fromWgs84, hull, toWgs84 } from "../geo.js";
import { named } from "../i18n.js";
import { leaflet, style } from "../libraries.js";
import { t } from "./card.js";
import { levelOf } from "./choice.js";

const NEAREST = 5;
const NEAR_M = 1200;
// Room for numbers around, and for names below.
const FITTING = {
  paddingTopLeft: [48, 36],
  paddingBottomRight: [48, 64],
  maxZoom: 17,
  animate: false,
};
const NAMES_ZOOM = 15; // from there on lots have room for their names
const PIN_WIDTH = 42;
const PIN_HEIGHT = 24;

/** Read where tiles come from, off the page: {url, crs, attribution}; the url is "" for none. */
export function readTiles({ tilesUrl = "", tilesCrs = "wgs84", tilesAttribution = "" }) {
  return { url: tilesUrl, crs: tilesUrl ? tilesCrs : "wgs84", attribution: tilesAttribution };
}

/** Draw a map in an element; `onTap(position)` and `onLot(id)` are told of taps. */
export async function drawMap(element, { tiles, onTap, onLot }) {
  const [L] = await Promise.all([leaflet(), style(new URL("./map.css", import.meta.url))]);
  return new Drawing(L, element, tiles, onTap, onLot);
}

/** Give the lots to be seen together with a place: a few, and none that is far beyond the nearest. */
function nearest(seen) {
  const sorted = [...seen].sort((a, b) => a.distance - b.distance);
  const far = Math.max(NEAR_M, 2 * (sorted[0]?.distance ?? 0));
  return sorted.slice(0, NEAREST).filter(({ distance }) => distance <= far);
}

class Drawing {
  constructor(L, element, tiles, onTap, onLot) {
    this.L = L;
    this.crs = tiles.crs;
    this.onLot = onLot;
    this.markers = new Map();
    this.outlined = "";
    this.order = [];
    this.map = L.map(element, { attributionControl: false, zoomControl: false, zoomSnap: 0.5 });
    L.control.zoom({ zoomInTitle: t("map.in"), zoomOutTitle: t("map.out") }).addTo(this.map);
    L.control.scale({ imperial: false }).addTo(this.map);
    if (tiles.url) {
      L.tileLayer(tiles.url, { maxZoom: 19 }).addTo(this.map);
      if (tiles.attribution) this.attribute(tiles.attribution);
    } else {
      this.map.createPane("outlines").classList.add("outlines");
    }
    this.outlines = L.layerGroup().addTo(this.map);
    this.drawsOutlines = !tiles.url;
    this.map.on("zoomend", () => this.zoomed());
    this.map.on("click", ({ latlng }) => {
      const { lat, lng } = latlng.wrap();
      onTap(toWgs84({ lat, lon: lng }, this.crs));
    });
  }

  zoomed() {
    const element = this.map.getContainer();
    element.dataset.names = String(this.drawsOutlines && this.map.getZoom() >= NAMES_ZOOM);
    this.makeRoom();
  }

  /** Tell whose map the tiles are: as text, whatever the setting holds. */
  attribute(text) {
    const control = this.L.control({ position: "bottomright" });
    control.onAdd = () => {
      const made = this.L.DomUtil.create("div", "attribution");
      made.textContent = text;
      return made;
    };
    control.addTo(this.map);
  }

  at(position) {
    const { lat, lon } = fromWgs84(position, this.crs);
    return [lat, lon];
  }

  /** Draw what is seen now: the lots with their numbers, the place, and which lot is open. */
  update(seen, place, open) {
    this.look(seen, place); // first: nothing can be drawn on a map that looks nowhere
    this.drawOutlines(seen.map(({ lot }) => lot));
    const there = new Set();
    for (const one of seen) {
      there.add(one.lot.id);
      this.drawLot(one, one.lot.id === open);
    }
    for (const [id, { marker }] of this.markers) {
      if (!there.has(id)) {
        marker.remove();
        this.markers.delete(id);
      }
    }
    this.drawPlace(place);
    // Who gets room for a number: the lot that is open, then those that come first in the list.
    this.order = seen.map(({ lot }) => lot.id).sort((a, b) => (a === open ? -1 : b === open ? 1 : 0));
    this.makeRoom();
  }

  /** Show as a mere dot each lot whose number would cover that of one before it. */
  makeRoom() {
    const kept = [];
    for (const id of this.order) {
      const { marker, label } = this.markers.get(id);
      const at = this.map.latLngToContainerPoint(marker.getLatLng());
      const covers = kept.some(
        (other) => Math.abs(other.x - at.x) < PIN_WIDTH && Math.abs(other.y - at.y) < PIN_HEIGHT,
      );
      label.dataset.small = String(covers);
      marker.setZIndexOffset(covers ? -500 : 500); // dots never cover numbers
      if (!covers) kept.push(at);
    }
  }

  drawLot(seen, open) {
    const { lot, numbers } = seen;
    const { marker, label } = this.markers.get(lot.id) ?? this.addLot(lot);
    const free = numbers === null ? null : numbers.free;
    label.dataset.level = levelOf(seen);
    label.dataset.open = String(open);
    label.textContent = free === null ? "?" : count(free);
    label.title = named(lot.name);
    label.dataset.name = named(lot.name);
    marker.setLatLng(this.at(lot.location));
  }

  addLot(lot) {
    const label = this.L.DomUtil.create("span", "pin");
    const icon = this.L.divIcon({ className: "", html: label, iconSize: null });
    const marker = this.L.marker(this.at(lot.location), { icon, keyboard: false });
    marker.addTo(this.map).on("click", () => this.onLot(lot.id));
    const made = { marker, label };
    this.markers.set(lot.id, made);
    return made;
  }

  drawPlace(place) {
    if (place === this.drawn) return;
    this.drawn = place;
    this.here?.remove();
    this.here = null;
    if (!place) return;
    const icon = this.L.divIcon({ className: "here", iconSize: [34, 34] });
    const options = { icon, keyboard: false, interactive: false, zIndexOffset: -1000 };
    this.here = this.L.marker(this.at(place), options).addTo(this.map);
  }

  /** Draw each district as the outline of its lots, anew when lots have come, gone or moved. */
  drawOutlines(lots) {
    if (!this.drawsOutlines) return;
    const districts = new Map();
    for (const lot of lots) {
      const name = lot.district ?? "";
      if (name) districts.set(name, [...(districts.get(name) ?? []), lot.location]);
    }
    const made = JSON.stringify([...districts].sort());
    if (made === this.outlined) return;
    this.outlined = made;
    this.outlines.clearLayers();
    for (const positions of districts.values()) {
      const around = hull(positions);
      const shape = around.length > 0 ? "polygon" : "polyline";
      const points = (around.length > 0 ? around : positions).map((one) => this.at(one));
      const options = { pane: "outlines", className: "district", interactive: false };
      this.L[shape](points, options).addTo(this.outlines);
    }
  }

  /** Bring into view what matters, when the place or the lots have changed; else leave it alone. */
  look(seen, place) {
    if (this.looked && place === this.place && seen.length === this.lots) return;
    this.looked = true;
    this.place = place;
    this.lots = seen.length;
    const near = place ? nearest(seen) : seen;
    const points = near.map(({ lot }) => this.at(lot.location));
    if (place) points.push(this.at(place));
    if (points.length === 0) this.map.setView([0, 0], 1);
    else this.map.fitBounds(points, FITTING);
  }

  /** Take the room that the element has now. */
  resize() {
    this.map.invalidateSize();
  }

  remove() {
    this.map.remove();
  }
}
