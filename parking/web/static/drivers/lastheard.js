/* When lots of which nothing is known now were last heard, for "no data since 08:10". */

import { askJson, Problem } from "../api.js";
import { useEffect, useState } from "../vendor/preact/htm-preact.js";

const MOST = 10;

/** Hook: a Map from lot to when it was last heard (RFC 3339), of the first lots that are silent. */
export function useLastHeard(seen) {
  const [heard, setHeard] = useState(new Map());
  const silent = seen
    .filter(({ availability }) => availability && availability.observed_at === null)
    .map(({ lot }) => lot.id)
    .slice(0, MOST);
  const lacking = silent.filter((id) => !heard.has(id)).join(" ");
  useEffect(() => {
    if (lacking === "") return;
    Promise.all(lacking.split(" ").map(find)).then((found) =>
      setHeard((before) => new Map([...before, ...found])),
    );
  }, [lacking]);
  return heard;
}

async function find(id) {
  try {
    const { zones } = await askJson(`v1/lots/${encodeURIComponent(id)}/availability`);
    const times = zones.map((zone) => zone.heard_at).filter(Boolean);
    return [id, times.sort().pop() ?? null];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return [id, null];
  }
}
