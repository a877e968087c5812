/* Finding lots and places by what somebody types: part of a name, or the initials of its pinyin.

   Initials need no table of characters: a browser sorts Chinese by pinyin, so a character's initial
   follows from where it stands among the first characters of each letter. A few characters of place
   names are read in two ways; either is found. */

const LETTERS = "abcdefghjklmnopqrstwxyz";
const FIRSTS = "吖八嚓哒婀发旮哈丌咔垃妈拿喔趴七蚺仨他挖夕丫匝";
const OTHERS = {
  重: "zc", 长: "cz", 行: "xh", 乐: "ly", 会: "hk", 厦: "sx", 朝: "zc", 藏: "cz", 曾: "cz", 单: "sd",
  解: "jx", 校: "xj", 莞: "gw", 埔: "bp", 圩: "wx", 陂: "bp", 番: "fp", 尉: "wy", 泌: "mb", 栎: "ly",
  浚: "jx", 荥: "xy", 阚: "kh", 隗: "wk", 尢: "yw",
}; // prettier-ignore
const sorted = new Intl.Collator("zh-CN-u-co-pinyin");
const MOST = 8;

/** Give the possible initials of a character: letters and digits are their own, "" for none. */
export function initials(character) {
  if (/[a-z0-9]/i.test(character)) return character.toLowerCase();
  if (character in OTHERS) return OTHERS[character];
  if (!/\p{Script=Han}/u.test(character)) return "";
  let low = 0;
  let high = FIRSTS.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (sorted.compare(character, FIRSTS[middle]) < 0) high = middle;
    else low = middle;
  }
  return LETTERS[low];
}

/** Whether typed letters are the initials of characters that stand together in a name. */
export function matchesInitials(name, typed) {
  const read = [...name].map(initials).filter((options) => options !== "");
  for (let start = 0; start + typed.length <= read.length; start += 1) {
    if ([...typed].every((letter, index) => read[start + index].includes(letter))) return true;
  }
  return false;
}

/** Find what was typed: lots, then districts, then a position such as "34.76, 113.77".

   `places` are {kind, id, names, location}; those whose name begins with it come first. */
export function find(places, typed) {
  const wanted = typed.trim().toLowerCase();
  if (wanted === "") return [];
  const position = readPosition(wanted);
  if (position) return [{ kind: "position", id: wanted, names: [wanted], location: position }];
  const latin = /^[a-z0-9]+$/.test(wanted);
  const ranked = [];
  for (const place of places) {
    const rank = place.names.reduce((best, name) => {
      const at = name.toLowerCase().indexOf(wanted);
      if (at >= 0) return Math.min(best, at === 0 ? 0 : 1);
      return latin && wanted.length > 1 && matchesInitials(name, wanted) ? Math.min(best, 2) : best;
    }, 3);
    if (rank < 3) ranked.push({ place, rank });
  }
  ranked.sort((a, b) => a.rank - b.rank);
  return ranked.slice(0, MOST).map(({ place }) => place);
}

/** Give what can be found: all lots by name, address and id, and each district by its lots' middle. */
export function placesOf(lots) {
  const found = lots.map((lot) => ({
    kind: "lot",
    id: lot.id,
    names: [...Object.values(lot.name), ...Object.values(lot.address ?? {}), lot.id],
    location: lot.location,
    lot,
  }));
  const districts = new Map();
  for (const lot of lots) {
    if (lot.district) districts.set(lot.district, [...(districts.get(lot.district) ?? []), lot]);
  }
  for (const [id, members] of districts) {
    const mean = (axis) =>
      members.reduce((sum, lot) => sum + lot.location[axis], 0) / members.length;
    const names = [id, id.replace(/[-_.]/g, " ")];
    found.push({ kind: "district", id, names, location: { lat: mean("lat"), lon: mean("lon") } });
  }
  return found;
}

function readPosition(text) {
  const parts = /^(-?\d{1,2}(?:\.\d+)?)\s*[,，\s]\s*(-?\d{1,3}(?:\.\d+)?)$/.exec(text);
  if (parts === null) return null;
  const [lat, lon] = [Number(parts[1]), Number(parts[2])];
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : null;
}
