/* Ways to other apps that lead there, each in the datum that it draws its maps in.

   Amap, and in China Apple's and Google's maps, are in GCJ-02; Baidu's are in BD-09. Outside of China
   all datums are one. */

import { distanceM, fromWgs84 } from "../geo.js";
import { recall, remember } from "../i18n.js";

const KEPT = "parking.navigation";
const SOURCE = "parking";
export const APPS = ["amap", "baidu", "apple", "google"];

/** Give where a car drives in: the nearest of the lot's entrances for cars to `place`, or the lot. */
export function target(lot, place) {
  const entrances = lot.entrances.filter((entrance) => entrance.for === "cars");
  const from = place ?? lot.location;
  const nearest = entrances.sort(
    (a, b) => distanceM(from, a.location) - distanceM(from, b.location),
  )[0];
  return (nearest ?? lot).location;
}

/** Give the address by which an app leads to a position in WGS-84. */
export function way(app, position, name, place = null) {
  const { lat, lon } = fromWgs84(position, app === "baidu" ? "bd09" : "gcj02");
  const to = `${lat.toFixed(6)},${lon.toFixed(6)}`;
  // No commas or bars within a name: they part the fields.
  const label = name.replace(/[,|]/g, " ");
  switch (app) {
    case "amap":
      return link("https://uri.amap.com/navigation", {
        to: `${lon.toFixed(6)},${lat.toFixed(6)},${label}`,
        mode: "car",
        coordinate: "gaode",
        callnative: "1",
        src: SOURCE,
      });
    case "baidu":
      return baidu(to, label, place);
    case "apple":
      return link("https://maps.apple.com/", { daddr: to, q: label, dirflg: "d" });
    default:
      return link("https://www.google.com/maps/dir/", {
        api: "1",
        destination: to,
        travelmode: "driving",
      });
  }
}

/* Baidu leads from somewhere, or shows a marker from which one tap leads on. */
function baidu(to, label, place) {
  const common = { coord_type: "bd09ll", output: "html", src: SOURCE };
  if (place?.from !== "me") {
    const marker = { location: to, title: label, content: label };
    return link("https://api.map.baidu.com/marker", { ...marker, ...common });
  }
  const { lat, lon } = fromWgs84(place, "bd09");
  return link("https://api.map.baidu.com/direction", {
    origin: `latlng:${lat.toFixed(6)},${lon.toFixed(6)}|name:.`,
    destination: `latlng:${to}|name:${label}`,
    mode: "driving",
    ...common,
  });
}

function link(address, parameters) {
  return `${address}?${new URLSearchParams(parameters)}`;
}

/** Give the app that one tap opens: the one used last, else what this device is likely to have. */
export function firstApp(language) {
  const kept = recall(KEPT);
  if (APPS.includes(kept)) return kept;
  if (language === "zh") return "amap";
  return /iPhone|iPad|Macintosh/.test(navigator.userAgent) ? "apple" : "google";
}

export const rememberApp = (app) => remember(KEPT, app);
