/** IP addresses as EventBridge's rule engine reads them. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html */
import { PatternError } from "./pattern-json.ts";

/** Bytes of an address: 4 or 16. An IPv4 address in IPv6 form (`::ffff:a00:1`) is the IPv4 address. null: not an address (host names, dotted IPv6). */
export function ipBytes(text: string): number[] | null {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(text)) return text.length > 15 ? null : ipv4(text);
  return /^[0-9a-fA-F:]*:[0-9a-fA-F:]*$/.test(text) ? ipv6(text) : null;
}

function ipv4(text: string): number[] | null {
  const bytes = text.split(".").map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : null;
}

function ipv6(text: string): number[] | null {
  const halves = text.split("::");
  if (text.length > 39 || halves.length > 2) return null;
  const [head, tail] = halves.map((half) => (half === "" ? [] : half.split(":"))) as [string[], string[]?];
  const groups = [...head, ...(tail ?? [])];
  if (groups.some((group) => group === "" || group.length > 4)) return null;
  if (tail === undefined ? groups.length !== 8 : groups.length > 7) return null;
  const all = [...head, ...Array.from({ length: 8 - groups.length }, () => "0"), ...(tail ?? [])];
  const bytes = all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  return isMapped ? bytes.slice(12) : bytes;
}

/**
 * Whether an address lies in the block `address/bits`.
 *
 * @throws PatternError where it is no block. A mask of all bits (`/32`, `/128`) is refused, as the engine does: an address alone says the same.
 */
export function inBlock(block: string): (address: number[]) => boolean {
  const [base, bits, ...more] = block.split("/") as [string, string?, ...string[]];
  if (bits === undefined || bits === "" || more.length > 0)
    throw new PatternError(`cidr "${block}" must be an address, one "/" and a number of bits`);
  const bytes = ipBytes(base);
  if (bytes === null) throw new PatternError(`cidr "${block}" does not begin with an IP address`);
  const mask = /^\+?\d+$/.test(bits) ? Number(bits) : Number.NaN;
  if (!(mask >= 0 && mask < bytes.length * 8)) throw new PatternError(`cidr "${block}" must have 0 to ${bytes.length * 8 - 1} bits`);
  return (address) =>
    address.length === bytes.length &&
    bytes.every((byte, at) => {
      const kept = Math.min(Math.max(mask - at * 8, 0), 8);
      return (byte ^ (address[at] as number)) >> (8 - kept) === 0;
    });
}
