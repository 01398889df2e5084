/** What a session needs, with real time. */
import { systemClock } from "../../../src/cli/clock.ts";
import type { LiveContext } from "../../../src/clouds/room.ts";
import { silentHost } from "../../../src/model/host.ts";
import { idKeys } from "../../../src/model/id-keys.ts";

export function liveContext(more: Partial<LiveContext> = {}): LiveContext {
  return {
    host: silentHost,
    signal: new AbortController().signal,
    clock: systemClock,
    keys: idKeys(),
    requestTimeoutMs: 30_000,
    patienceMs: 30_000,
    requestsPerS: null,
    ...more,
  };
}
