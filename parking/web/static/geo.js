/* Positions: distances, the three datums of China, outlines. A position is {lat, lon} in degrees.

   The same as parking/domain/geo.py, which explains it; a test holds both against each other. Here it
   lets a page place its markers and links by itself, without a network too. */

const EARTH_RADIUS_M = 6_371_008.8;
const RIM_DEG = 0.03;
const KRASOVSKY_A_M = 6_378_245;
const KRASOVSKY_E2 = 0.006693421622965943;
const CHINA = { minLon: 73.66, minLat: 3.86, maxLon: 135.05, maxLat: 53.55 };
const BAIDU_WAVE = (Math.PI * 3000) / 180;
const CONVERGED_DEG = 1e-12;
const MOST_STEPS = 60;
const DEGREE = Math.PI / 180;

/** Give the great-circle distance of two positions, metres. */
export function distanceM(a, b) {
  const across = Math.sin(((b.lat - a.lat) * DEGREE) / 2) ** 2;
  const along = Math.sin(((b.lon - a.lon) * DEGREE) / 2) ** 2;
  const haversine = across + Math.cos(a.lat * DEGREE) * Math.cos(b.lat * DEGREE) * along;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.sqrt(Math.min(1, haversine)));
}

/** Give the position in `crs` (wgs84, gcj02, bd09) of one in WGS-84. */
export function fromWgs84(position, crs) {
  let moved = position;
  if (crs !== "wgs84") moved = shifted(moved, gcjOffset);
  if (crs === "bd09") moved = shifted(moved, baiduOffset);
  return moved;
}

/** Give the WGS-84 position of one in `crs`. */
export function toWgs84(position, crs) {
  let moved = position;
  if (crs === "bd09") moved = unshifted(moved, baiduOffset);
  if (crs !== "wgs84") moved = unshifted(moved, gcjOffset);
  return moved;
}

/** Give the convex outline of positions, counter-clockwise; fewer than three have none: []. */
export function hull(positions) {
  const sorted = [...positions].sort((a, b) => a.lon - b.lon || a.lat - b.lat);
  const turn = (o, a, b) => (a.lon - o.lon) * (b.lat - o.lat) - (a.lat - o.lat) * (b.lon - o.lon);
  const half = (points) => {
    const kept = [];
    for (const point of points) {
      while (kept.length > 1 && turn(kept[kept.length - 2], kept[kept.length - 1], point) <= 0) {
        kept.pop();
      }
      kept.push(point);
    }
    return kept.slice(0, -1);
  };
  const found = [...half(sorted), ...half(sorted.reverse())];
  return found.length < 3 ? [] : found;
}

function shifted(position, offset) {
  const { lat, lon } = shift(position, offset);
  return { lat: position.lat + lat, lon: position.lon + lon };
}

function unshifted(position, offset) {
  let at = position;
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const { lat, lon } = shift(at, offset);
    const next = { lat: position.lat - lat, lon: position.lon - lon };
    const moved = Math.abs(next.lat - at.lat) + Math.abs(next.lon - at.lon);
    at = next;
    if (moved < CONVERGED_DEG) break;
  }
  return at;
}

function shift({ lat, lon }, offset) {
  const depth = Math.min(
    lat - CHINA.minLat,
    CHINA.maxLat - lat,
    lon - CHINA.minLon,
    CHINA.maxLon - lon,
  );
  if (!(depth > 0)) return { lat: 0, lon: 0 };
  const share = Math.min(1, depth / RIM_DEG);
  const by = offset(lat, lon);
  return { lat: by.lat * share, lon: by.lon * share };
}

function gcjOffset(lat, lon) {
  const y = lat - 35;
  const x = lon - 105;
  const ripple = waves(x, [20, 6], [20, 2]);
  const north =
    -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x)) + ripple +
    waves(y, [20, 1], [40, 1 / 3], [160, 1 / 12], [320, 1 / 30]);
  const east =
    300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x)) + ripple +
    waves(x, [20, 1], [40, 1 / 3], [150, 1 / 12], [300, 1 / 30]);
  const w = Math.sqrt(1 - KRASOVSKY_E2 * Math.sin(lat * DEGREE) ** 2);
  const meridian = (KRASOVSKY_A_M * (1 - KRASOVSKY_E2)) / w ** 3;
  const parallel = (KRASOVSKY_A_M / w) * Math.cos(lat * DEGREE);
  return { lat: north / meridian / DEGREE, lon: east / parallel / DEGREE };
}

function waves(at, ...all) {
  return (
    (all.reduce((sum, [height, rate]) => sum + height * Math.sin(rate * Math.PI * at), 0) * 2) / 3
  );
}

function baiduOffset(lat, lon) {
  const radius = Math.hypot(lat, lon) + 2e-5 * Math.sin(lat * BAIDU_WAVE);
  const angle = Math.atan2(lat, lon) + 3e-6 * Math.cos(lon * BAIDU_WAVE);
  return {
    lat: radius * Math.sin(angle) + 0.006 - lat,
    lon: radius * Math.cos(angle) + 0.0065 - lon,
  };
}
