/** Things held until more is known, within bounds. */

/** Sets an entry. At the limit the older half is taken out and given to `drop`, so that the cost of making room is spread out. */
export function hold<V>(map: Map<string, V>, key: string, value: V, limit: number, drop: (value: V) => void): void {
  if (map.size >= limit && !map.has(key)) {
    let goes = Math.ceil(limit / 2);
    for (const [oldest, old] of map) {
      if (goes-- === 0) break;
      map.delete(oldest);
      drop(old);
    }
  }
  map.set(key, value);
}
