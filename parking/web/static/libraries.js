/* Libraries that are not modules, fetched when they are first needed. */

const fetched = new Map();

/** Give Leaflet, the map, with its styles. */
export function leaflet() {
  return once("leaflet", async () => {
    await Promise.all([
      style(new URL("./vendor/leaflet/leaflet.css", import.meta.url)),
      script(new URL("./vendor/leaflet/leaflet.js", import.meta.url)),
    ]);
    return window.L;
  });
}

/** Give uPlot, the charts, with its styles. */
export function plot() {
  return once("uplot", async () => {
    await Promise.all([
      style(new URL("./vendor/uplot/uPlot.min.css", import.meta.url)),
      script(new URL("./vendor/uplot/uPlot.iife.min.js", import.meta.url)),
    ]);
    return window.uPlot;
  });
}

function once(name, fetchIt) {
  if (!fetched.has(name)) {
    const coming = fetchIt();
    coming.catch(() => fetched.delete(name)); // to be tried again
    fetched.set(name, coming);
  }
  return fetched.get(name);
}

function script(url) {
  return element("script", { src: url });
}

/** Fetch more styles, before what needs them is drawn. */
export function style(url) {
  return element("link", { rel: "stylesheet", href: url });
}

function element(name, attributes) {
  return new Promise((resolve, reject) => {
    const made = Object.assign(document.createElement(name), attributes);
    made.onload = resolve;
    made.onerror = () => {
      made.remove();
      reject(new Error(`${attributes.src ?? attributes.href} cannot be had`));
    };
    document.head.append(made);
  });
}
