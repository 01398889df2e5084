/** Numbers as people read them. Rounding happens here and nowhere before. */

/** `340 ms`, `1.24 s`, `2 min 3 s`, `1 h 5 min`, `3 d 2 h`; under a millisecond `0.42 ms`. Three significant digits below a minute. */
export function humanMs(ms: number): string {
  if (ms < 0) return `-${humanMs(-ms)}`;
  if (ms === 0) return "0 ms";
  if (ms < 0.001) return "<0.001 ms";
  if (ms < 999.5) return `${significant(ms, 3)} ms`;
  if (ms < 59_950) return `${significant(ms / 1000, 3, true)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  const hours = Math.round(ms / 3_600_000);
  return `${group(String(Math.floor(hours / 24)))} d ${hours % 24} h`;
}

/** Plain decimal with so many significant digits, but never fewer than the integer part has; `keep`: with trailing zeros. */
function significant(value: number, digits: number, keep = false): string {
  // the rounded value decides: 0.9996 is shown as 1.00, not as 1.000
  const rounded = Number(value.toPrecision(digits));
  const magnitude = rounded === 0 ? 0 : Math.floor(Math.log10(Math.abs(rounded)));
  const decimals = Math.max(0, Math.min(12, digits - 1 - magnitude));
  const text = value.toFixed(decimals);
  return keep || !text.includes(".") ? text : text.replace(/\.?0+$/, "");
}

/** `$1,234.56`, `$0.0123`, `$0.0000021`: cents from one dollar up, else three significant digits and at least cents. */
export function humanUsd(usd: number): string {
  if (usd < 0) return `-${humanUsd(-usd)}`;
  if (usd === 0) return "$0";
  if (usd >= 0.995) return `$${group(usd.toFixed(2))}`;
  if (usd < 1e-10) return "<$0.0000000001";
  const text = significant(usd, 3);
  return `$${/\.\d\d/.test(text) ? text : usd.toFixed(2)}`;
}

/** Thousands separators; up to three decimals. */
export function humanCount(count: number): string {
  return group(Number.isInteger(count) ? String(count) : trimZeros(count.toFixed(3)));
}

/** Decimal units, as `ls` and the clouds' bills have them: `999 B`, `1.2 kB`, `3.4 GB`. */
export function humanBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? String(Math.round(value)) : significant(value, 3)} ${units[unit]}`;
}

/** `0.95` -> `95 %`. */
export function humanPercent(share: number): string {
  const percent = share * 100;
  return `${percent > 0 && percent < 1 ? "<1" : percent > 99 && percent < 100 ? ">99" : String(Math.round(percent))} %`;
}

/** `2026-11-20 08:15:30.123`: ISO text for people; the zone (UTC) is said in the header. */
export function humanTime(iso: string): string {
  return iso.replace("T", " ").replace(/Z$/, "");
}

/** `1` `.95` `.4`: two decimals at most. */
export function humanConfidence(confidence: number): string {
  return trimZeros(confidence.toFixed(2)).replace(/^0\./, ".");
}

/** `1 hop`, `2 hops`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${humanCount(count)} ${count === 1 ? one : many}`;
}

/** Digits of the integer part in threes. */
export function group(digits: string): string {
  const [whole, fraction] = digits.split(".");
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

function trimZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** A target by its name, with its region where it is one: `shop eu-central-1`; `shop` where it is all of them (`*`). */
export function placeName({ name, region }: { name: string; region: string }): string {
  return region === "*" ? name : `${name} ${region}`;
}
