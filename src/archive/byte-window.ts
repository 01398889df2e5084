/** Bytes of a stream that are still needed, one behind another in one buffer. */

const MIN_BYTES = 64 * 1024;
const GROW_BYTES = 16 * 1024 * 1024;

export class ByteWindow {
  bytes = Buffer.allocUnsafe(0);
  /** Offset of the next byte to take, and of the end of what has come. */
  at = 0;
  end = 0;
  /** Place in the stream of offset 0. */
  base: number;

  constructor(base: number) {
    this.base = base;
  }

  /** Adds bytes behind the others. What lies before `at` may go: returns by how much all offsets went down. */
  append(chunk: Uint8Array): number {
    let moved = 0;
    if (this.end + chunk.length > this.bytes.length) {
      const need = this.end - this.at + chunk.length;
      const size = Math.max(MIN_BYTES, Math.min(2 * need, need + GROW_BYTES));
      const target = size > this.bytes.length ? Buffer.allocUnsafeSlow(size) : this.bytes;
      this.bytes.copy(target, 0, this.at, this.end);
      this.bytes = target;
      moved = this.at;
      this.base += moved;
      this.end -= moved;
      this.at = 0;
    }
    this.bytes.set(chunk, this.end);
    this.end += chunk.length;
    return moved;
  }

  /** Takes bytes [from, to) out; what lies behind moves down, so that offsets before `from` no longer tell places in the stream. */
  remove(from: number, to: number): void {
    this.bytes.copyWithin(from, to, this.end);
    this.end -= to - from;
    this.base += to - from;
  }

  /** Offset of the first such byte in [from, to); -1: none. */
  find(byte: number, from: number, to = this.end): number {
    const found = this.bytes.subarray(from, to).indexOf(byte);
    return found < 0 ? -1 : from + found;
  }
}
