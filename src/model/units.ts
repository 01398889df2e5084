/**
 * Units of measure as types. A unit is a "flavour": a plain number can be given where a unit is asked for,
 * but a value of one unit cannot be given where another is asked for (Ms is not Usd).
 * The unit is also the suffix of every name that holds one (`durationMs`, `memoryMib`, `priceUsd`).
 */
type Flavour<Unit extends string> = number & { readonly __unit?: Unit };

/** A span of time in milliseconds; may have a fraction. */
export type Ms = Flavour<"ms">;
/** A moment: milliseconds since 1970-01-01T00:00:00Z; may have a fraction (microsecond clocks). */
export type EpochMs = Flavour<"epoch-ms">;
/** Memory in MiB (what AWS calls "MB" in REPORT lines and configuration). */
export type Mib = Flavour<"mib">;
/** Bytes. */
export type Bytes = Flavour<"bytes">;
/** US dollars, unrounded; only a report format rounds. */
export type Usd = Flavour<"usd">;
/** Virtual CPUs; may have a fraction. */
export type Vcpu = Flavour<"vcpu">;

/** Where a number comes from: read from telemetry, computed by a stated rule, or taken as given. */
export type Basis = "measured" | "modelled" | "assumed";
