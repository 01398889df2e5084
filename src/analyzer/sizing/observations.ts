/** Epochs -> what the posterior takes: a mean per size, with its error, made comparable by hour of the week and time between. Pure. */
import type { EpochHour } from "../../model/sizing.ts";
import type { Mib, Ms } from "../../model/units.ts";
import { centre, type Experiment, LEAST_WARM, type Sided } from "./epochs.ts";
import { type Observation, posterior } from "./posterior.ts";

/** Share trimmed off each end of a sample, as in the dataset's figures. */
const TRIM = 0.2;
/** Durations drift by themselves: standard deviation (log scale) per 30 days between two epochs. */
const DRIFT_SD = 0.05;
const DRIFT_MS = 30 * 86_400_000;
/** An hour of the week counts where both sides have so many runs, and hours are matched where those hold this share of all runs. */
const LEAST_PER_HOUR = 5;
const LEAST_MATCHED = 0.5;
/** A week has 168 hours; fewer common ones than this are no pattern. */
const LEAST_HOURS = 3;

/** What was measured at one size, and how. */
export interface Measured extends Observation {
  warm: number;
  probe: boolean;
  /** Hours of the week that were matched with those of the current size; null: means over all hours. */
  matchedHours: number | null;
}

export interface Observed {
  /** One per size, the current one first where it has enough runs. */
  measured: Measured[];
  notes: string[];
}

/** Log-scale standard error of a trimmed mean: winsorised deviation over the share that is kept (Tukey and McLaughlin 1963). */
export function logStandardError(count: number, trimmedMeanMs: Ms, winsorizedSdMs: Ms | null): number {
  return (winsorizedSdMs ?? trimmedMeanMs) / ((1 - 2 * TRIM) * Math.sqrt(count) * trimmedMeanMs);
}

/** `hours` gives an epoch's hours of the week, and all of them together, as the dataset counted them within its part of time. */
export function observationsOf(
  { current, others, probes }: Experiment,
  hours: (epoch: Sided) => readonly EpochHour[],
  text: (memoryMib: Mib) => string,
): Observed {
  const notes: string[] = [];
  if (current === null) return { measured: [], notes };
  const history = historyOf(current, others, hours, { text, notes });
  const probed = probes.flatMap((one) => meanOf(one, []) ?? []);
  if (probed.length === 0) return { measured: history, notes };
  if (probed.length < 3) return { measured: [...history, ...probed.filter((one) => !history.some(sameSize(one)))], notes };
  return { measured: atLiveLevel(probed, history[0], current.memoryMib, notes), notes };
}

const sameSize =
  (one: Measured) =>
  (other: Measured): boolean =>
    one.memoryMib === other.memoryMib;

/** The current size and, relative to it, the sizes of the past. */
function historyOf(
  current: Sided,
  others: readonly Sided[],
  hours: (epoch: Sided) => readonly EpochHour[],
  { text, notes }: { text: (memoryMib: Mib) => string; notes: string[] },
): Measured[] {
  const now = others.length === 0 ? ownMean(current) : meanOf(current, hours(current));
  const measured = now === null || now.warm < LEAST_WARM ? [] : [now];
  const unmatched: Mib[] = [];
  for (const one of others) {
    const plain = meanOf(one, hours(one));
    if (plain === null || plain.warm < LEAST_WARM) continue;
    const matched = measured.length === 0 ? null : matchedTo(now!, hours(current), hours(one));
    if (matched === null && measured.length > 0) unmatched.push(one.memoryMib);
    const ofPlain = matched ?? plain;
    const drift = DRIFT_SD ** 2 * (Math.abs(centre(one) - centre(current)) / DRIFT_MS);
    measured.push({ ...plain, ...ofPlain, logSe: Math.sqrt(ofPlain.logSe ** 2 + drift) });
  }
  if (unmatched.length > 0)
    notes.push(
      `Too few runs at the same hours of the week to compare ${unmatched.map(text).join(" and ")} hour by hour with the current size.`,
    );
  return measured;
}

/** Mean over all of an epoch's time. */
function ownMean({ memoryMib, probe, stats: { warm } }: Sided): Measured | null {
  if (warm.trimmedMeanMs === null || warm.trimmedMeanMs <= 0) return null;
  const logSe = logStandardError(warm.count, warm.trimmedMeanMs, warm.winsorizedSdMs);
  return { memoryMib, durationMs: warm.trimmedMeanMs, logSe, warm: warm.count, probe, matchedHours: null };
}

/** Mean over the compared part of an epoch, where the dataset says it; else over all of it. */
function meanOf(epoch: Sided, hours: readonly EpochHour[]): Measured | null {
  const own = ownMean(epoch);
  const part = hours.find((hour) => hour.hourOfWeek === null);
  if (own === null || part === undefined || part.trimmedMeanMs <= 0) return own;
  const { count, trimmedMeanMs, winsorizedSdMs } = part;
  return { ...own, durationMs: trimmedMeanMs, logSe: logStandardError(count, trimmedMeanMs, winsorizedSdMs), warm: count };
}

/** Weighted mean of hours and its standard error in ms. */
function weighted(hours: readonly EpochHour[], weights: readonly number[]): { value: Ms; se: Ms } {
  const value = hours.reduce((sum, hour, i) => sum + weights[i]! * hour.trimmedMeanMs, 0);
  const variance = hours.reduce((sum, hour, i) => {
    const se = hour.trimmedMeanMs * logStandardError(hour.count, hour.trimmedMeanMs, hour.winsorizedSdMs);
    return sum + (weights[i]! * se) ** 2;
  }, 0);
  return { value, se: Math.sqrt(variance) };
}

/** The other size as it would be with the current one's hours of the week (direct standardisation); null: too few hours in common. */
function matchedTo(
  now: Measured,
  currentHours: readonly EpochHour[],
  otherHours: readonly EpochHour[],
): Pick<Measured, "durationMs" | "logSe" | "matchedHours"> | null {
  const enough = (hour: EpochHour): boolean => hour.hourOfWeek !== null && hour.count >= LEAST_PER_HOUR;
  const others = new Map(otherHours.filter(enough).map((hour) => [hour.hourOfWeek, hour]));
  const common = currentHours.filter((hour) => enough(hour) && others.has(hour.hourOfWeek));
  const partners = common.map((hour) => others.get(hour.hourOfWeek)!);
  if (common.length < LEAST_HOURS || share(common, currentHours) < LEAST_MATCHED || share(partners, otherHours) < LEAST_MATCHED)
    return null;
  const total = common.reduce((sum, hour) => sum + hour.count, 0);
  const weights = common.map((hour) => hour.count / total);
  const [then, current] = [weighted(partners, weights), weighted(common, weights)];
  return { durationMs: (now.durationMs * then.value) / current.value, logSe: then.se / then.value, matchedHours: common.length };
}

function share(part: readonly EpochHour[], all: readonly EpochHour[]): number {
  const count = (hours: readonly EpochHour[]): number => hours.reduce((sum, hour) => sum + (hour.hourOfWeek === null ? 0 : hour.count), 0);
  return count(part) / count(all);
}

/** A probe's payloads are not live traffic's: its sizes say the shape of the curve, live runs say how high it lies. */
function atLiveLevel(probed: readonly Measured[], live: Measured | undefined, currentMib: Mib, notes: string[]): Measured[] {
  if (live === undefined || live.memoryMib !== currentMib) {
    notes.push("Too few live runs at the current size: durations are those of the probe's payloads.");
    return [...probed];
  }
  const here = probed.find((one) => one.memoryMib === currentMib);
  const level = here?.durationMs ?? posterior(probed, { cpuMs: null }).meanMs(currentMib);
  return probed.map((one) =>
    one === here
      ? { ...live, probe: true }
      : { ...one, durationMs: (one.durationMs * live.durationMs) / level, logSe: Math.hypot(one.logSe, here?.logSe ?? 0) },
  );
}
