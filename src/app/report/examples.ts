/** Chains of a report that are worth looking into. */
import type { Chain } from "../../model/chains.ts";

/** Up to six, each once: two that failed or lack a hop, the two slowest, the dearest, and one that took as long as half of them did. */
export function tellingChains(chains: readonly Chain[]): Chain[] {
  const whole = chains.filter((chain) => chain.hops.length > 1);
  const bySlowness = whole.filter((chain) => chain.endToEndMs !== null).sort((a, b) => b.endToEndMs! - a.endToEndMs!);
  const failed = whole.filter((chain) => chain.outcome !== "ok" && chain.outcome !== "unknown").sort(mostHops);
  const broken = whole.filter((chain) => !chain.complete).sort(mostHops);
  const dearest = whole.filter((chain) => chain.usd !== null).sort((a, b) => b.usd! - a.usd!);
  const usual = bySlowness[Math.floor(bySlowness.length / 2)];
  const chosen = [failed[0], broken[0], bySlowness[0], bySlowness[1], dearest[0], usual].filter((chain) => chain !== undefined);
  return [...new Set(chosen)];
}

function mostHops(a: Chain, b: Chain): number {
  return b.hops.length - a.hops.length;
}
