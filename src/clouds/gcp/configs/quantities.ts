/** Amounts as resource descriptions write them. */
import { numberOf, textOf } from "../../../model/json.ts";
import type { Json } from "../../../model/records.ts";
import { durationMsOf } from "../../../model/times.ts";
import type { Mib, Vcpu } from "../../../model/units.ts";

const UNITS: { readonly [unit: string]: number } = {
  "": 1,
  k: 1e3,
  K: 1e3,
  M: 1e6,
  MB: 1e6,
  G: 1e9,
  GB: 1e9,
  Ki: 1024,
  Mi: 1024 ** 2,
  MiB: 1024 ** 2,
  Gi: 1024 ** 3,
  GiB: 1024 ** 3,
};

/**
 * Memory as Kubernetes writes it: `512Mi`, `1Gi`, `256M` (decimal: 244.14 MiB), a bare number of bytes.
 * https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions#serviceconfig
 */
export function memoryMibOf(value: Json | undefined): Mib | null {
  const m = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec((textOf(value) ?? "").trim());
  const unit = m ? UNITS[m[2]!] : undefined;
  return m && unit !== undefined ? (Number(m[1]) * unit) / 1024 ** 2 : null;
}

/** CPU as Kubernetes writes it: `1000m`, `0.5`, `2`. */
export function vcpuOf(value: Json | undefined): Vcpu | null {
  const m = /^(\d+(?:\.\d+)?)(m?)$/.exec((textOf(value) ?? "").trim());
  return m ? Number(m[1]) / (m[2] === "m" ? 1000 : 1) : null;
}

/** Seconds of `"600s"`, `600` or `"600"`. */
export function secondsOf(value: Json | undefined): number | null {
  const ms = durationMsOf(value);
  return ms === null ? numberOf(value) : ms / 1000;
}
