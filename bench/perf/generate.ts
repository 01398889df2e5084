/**
 * A day of CloudWatch Logs of 300 functions in 100 workflow trees, as the events of FilterLogEvents, one per line, in time order. Seeded: the same
 * arguments give the same bytes. Beside it goes the truth: counts and a few chains.
 *
 *     node bench/perf/generate.ts --bytes 100m --seed 7 --out corpus.ndjson
 */
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";

export interface CorpusTruth {
  bytes: number;
  records: number;
  invocations: number;
  /** Chains of middling size in the middle of the corpus, with the requests that log their ID. */
  chains: { correlationId: string; requestIds: string[]; lines: number }[];
}

interface Random {
  /** [0, 1) */
  next(): number;
  int(from: number, to: number): number;
  hex(digits: number): string;
}

/** Mulberry32. */
function random(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    int: (from, to) => from + Math.floor(next() * (to - from + 1)),
    hex(digits) {
      let out = "";
      while (out.length < digits)
        out += Math.floor(next() * 2 ** 32)
          .toString(16)
          .padStart(8, "0");
      return out.slice(0, digits);
    },
  };
}

function uuid(r: Random): string {
  const h = r.hex(32);
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-a${h.slice(17, 20)}-${h.slice(20)}`;
}

interface Fn {
  name: string;
  service: string;
  memoryMb: number;
  meanMs: number;
  /** Execution environments that take turns. */
  streams: string[];
}

/** A hop of a workflow: which function, after which hop, by what. */
interface Step {
  fn: number;
  parent: number;
  via: "sync" | "eventbridge" | "sqs";
}

const SERVICES = ["orders", "payments", "inventory", "shipping", "notify", "analytics", "catalogue", "loyalty", "invoices", "search"];
const VERBS = ["create", "validate", "reserve", "charge", "publish", "project", "notify", "archive", "enrich", "route"];
const MEMORY = [128, 128, 256, 512, 512, 1024, 1769, 3008];
const START = Date.UTC(2026, 0, 15);
const ACCOUNT = "111122223333";
const REGION = "eu-west-1";

function functions(r: Random): Fn[] {
  return Array.from({ length: 300 }, (_, i) => {
    const service = SERVICES[i % SERVICES.length]!;
    return {
      name: `${service}-${VERBS[Math.floor(i / 10) % VERBS.length]}-${i}`,
      service,
      memoryMb: MEMORY[r.int(0, MEMORY.length - 1)]!,
      meanMs: 5 + r.next() ** 3 * 900,
      streams: Array.from({ length: r.int(1, 6) }, () => `2026/01/15/[$LATEST]${r.hex(32)}`),
    };
  });
}

function workflows(r: Random): Step[][] {
  return Array.from({ length: 100 }, () =>
    Array.from({ length: r.int(3, 12) }, (_, i): Step => {
      const parent = i === 0 ? -1 : r.int(Math.max(0, i - 3), i - 1);
      const roll = r.next();
      return { fn: r.int(0, 299), parent, via: roll < 0.4 ? "sqs" : roll < 0.7 ? "eventbridge" : "sync" };
    }),
  );
}

/** Ranks by Zipf's law with exponent 1.05. */
function zipf(r: Random, count: number): () => number {
  const sums: number[] = [];
  let total = 0;
  for (let i = 1; i <= count; i++) sums.push((total += 1 / i ** 1.05));
  return () => {
    const x = r.next() * total;
    return sums.findIndex((s) => s >= x);
  };
}

interface Line {
  at: number;
  order: number;
  text: string;
}

/** Lines by time; equal times in the order of writing. */
class Heap {
  readonly #lines: Line[] = [];

  get first(): Line | undefined {
    return this.#lines[0];
  }

  push(line: Line): void {
    const lines = this.#lines;
    let i = lines.push(line) - 1;
    while (i > 0) {
      const up = (i - 1) >> 1;
      if (!before(line, lines[up]!)) break;
      lines[i] = lines[up]!;
      i = up;
    }
    lines[i] = line;
  }

  pop(): Line {
    const lines = this.#lines;
    const top = lines[0]!;
    const last = lines.pop()!;
    if (lines.length === 0) return top;
    let i = 0;
    for (;;) {
      let down = 2 * i + 1;
      if (down >= lines.length) break;
      if (down + 1 < lines.length && before(lines[down + 1]!, lines[down]!)) down++;
      if (!before(lines[down]!, last)) break;
      lines[i] = lines[down]!;
      i = down;
    }
    lines[i] = last;
    return top;
  }
}

const before = (a: Line, b: Line): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Writes about `bytes` bytes to `path`. */
export function generate(path: string, bytes: number, seed: number): CorpusTruth {
  const r = random(seed);
  const fns = functions(r);
  const trees = workflows(r);
  const pick = zipf(r, trees.length);
  const file = openSync(path, "w");
  const heap = new Heap();
  const truth: CorpusTruth = { bytes: 0, records: 0, invocations: 0, chains: [] };
  const blocks: string[] = [];
  let held = 0;
  let order = 0;
  let clock = START;
  let made = 0;

  function line(at: number, fn: Fn, stream: string, message: string): void {
    const text = `{"logGroupName":"/aws/lambda/${fn.name}","logStreamName":"${stream}","timestamp":${at},"message":${JSON.stringify(message)},"ingestionTime":${at + 800 + (order % 700)},"eventId":"${(386_000_000_000_000 + at).toString()}${String(order).padStart(12, "0")}${r.hex(16)}"}\n`;
    made += text.length;
    heap.push({ at, order: order++, text });
  }

  function flush(until: number): void {
    while (heap.first && heap.first.at <= until) {
      const { text } = heap.pop();
      blocks.push(text);
      held += text.length;
      truth.records++;
    }
    if (held > 4e6 || until === Infinity) {
      truth.bytes += writeSync(file, blocks.join(""));
      blocks.length = 0;
      held = 0;
    }
  }

  /** One run of a function; returns when it ended and how many lines it wrote. */
  function invoke(at: number, fn: Fn, requestId: string, ids: string[], traceId: string): { endedAt: number; lines: number } {
    const stream = fn.streams[r.int(0, fn.streams.length - 1)]!;
    const cold = r.next() < 0.03;
    const timeout = r.next() < 0.001;
    const failed = !timeout && r.next() < 0.01;
    const durationMs = timeout ? 30_000 : Math.round(fn.meanMs * (0.4 + 1.2 * r.next()) * 100) / 100;
    const appLines = r.int(1, 4);
    const begin = Math.round(at);
    line(begin, fn, stream, `START RequestId: ${requestId} Version: $LATEST\n`);
    for (let i = 0; i < appLines; i++) {
      const when = Math.round(at + (durationMs * (i + 1)) / (appLines + 2));
      const decoy = r.next() < 0.002;
      const entry = {
        level: failed && i === appLines - 1 ? "ERROR" : i === 1 && r.next() < 0.05 ? "WARN" : "INFO",
        location: `lambda_handler:${40 + i * 7}`,
        message: decoy
          ? `copied from the log: REPORT RequestId: ${requestId}\tDuration: 1.00 ms`
          : `${fn.service} step ${i + 1} of ${appLines}: ${VERBS[(i + fn.memoryMb) % 10]} item`,
        timestamp: new Date(when).toISOString(),
        service: fn.service,
        cold_start: cold,
        function_name: fn.name,
        function_memory_size: String(fn.memoryMb),
        function_arn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${fn.name}`,
        function_request_id: requestId,
        correlation_id: ids[i % ids.length]!,
        xray_trace_id: traceId,
        ...(failed && i === appLines - 1 ? { exception_name: "PaymentDeclined", exception: STACK } : {}),
        amount: r.int(100, 99_999) / 100,
        items: r.int(1, 12),
      };
      line(when, fn, stream, `${JSON.stringify(entry)}\n`);
    }
    const end = Math.round(at + durationMs);
    const billed = Math.ceil(durationMs);
    const initMs = cold ? `\tInit Duration: ${(150 + r.next() * 900).toFixed(2)} ms` : "";
    const used = Math.min(fn.memoryMb, r.int(38, 90) + Math.round(fn.memoryMb / 20));
    line(end, fn, stream, `END RequestId: ${requestId}\n`);
    line(
      end,
      fn,
      stream,
      `REPORT RequestId: ${requestId}\tDuration: ${durationMs.toFixed(2)} ms\tBilled Duration: ${billed} ms\tMemory Size: ${fn.memoryMb} MB\tMax Memory Used: ${used} MB${initMs}\t\nXRAY TraceId: ${traceId}\tSegmentId: ${r.hex(16)}\tSampled: true\t\n`,
    );
    if (timeout) line(end, fn, stream, `${new Date(end).toISOString()} ${requestId} Task timed out after 30.00 seconds\n\n`);
    truth.invocations++;
    return { endedAt: at + durationMs, lines: appLines + 3 + (timeout ? 1 : 0) };
  }

  const enough = (): boolean => made >= bytes;
  let carried: string | null = null;
  while (!enough()) {
    // 100 MB are about 2.4 hours
    clock += -Math.log(1 - r.next()) * 1600;
    flush(clock);
    const tree = trees[pick()]!;
    const correlationId = uuid(r);
    const newTrace = (): string =>
      `1-${Math.floor(clock / 1000)
        .toString(16)
        .padStart(8, "0")}-${r.hex(24)}`;
    const done: { endedAt: number; traceId: string }[] = [];
    const requestIds: string[] = [];
    let lines = 0;
    for (const step of tree) {
      const parent = step.parent < 0 ? null : done[step.parent]!;
      const delay = step.via === "sync" ? 5 : step.via === "eventbridge" ? 40 + r.next() * 200 : 20 + r.next() * 800;
      const at = parent ? parent.endedAt + delay : clock;
      const traceId = parent && !(step.via === "sqs" && r.next() < 0.3) ? parent.traceId : newTrace();
      const requestId = uuid(r);
      // a batch of two messages: the other one's ID is logged too
      const ids = step.via === "sqs" && carried !== null && r.next() < 0.1 ? [correlationId, carried] : [correlationId];
      const run = invoke(at, fns[step.fn]!, requestId, ids, traceId);
      done.push({ endedAt: run.endedAt, traceId });
      requestIds.push(requestId);
      lines += run.lines;
    }
    carried = r.next() < 0.2 ? correlationId : null;
    if (carried === null && tree.length === 12 && made > bytes * 0.4 && truth.chains.length < 20)
      truth.chains.push({ correlationId, requestIds, lines });
  }
  flush(Infinity);
  closeSync(file);
  return truth;
}

const STACK = Array.from(
  { length: 8 },
  (_, i) => `  File "/var/task/app/handler_${i}.py", line ${31 + i * 13}, in step_${i}\n    raise PaymentDeclined(code)`,
).join("\n");

/** `100m`, `1g`, or bytes. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([kmg]?)$/i.exec(text);
  if (!match) throw new RangeError(`not a size: ${text}`);
  return Number(match[1]) * { "": 1, k: 1e3, m: 1e6, g: 1e9 }[match[2]!.toLowerCase() as "" | "k" | "m" | "g"];
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { bytes: { type: "string" }, seed: { type: "string" }, out: { type: "string" } } });
  const out = values.out ?? "corpus.ndjson";
  const truth = generate(out, parseBytes(values.bytes ?? "100m"), Number(values.seed ?? 7));
  writeFileSync(`${out}.truth.json`, JSON.stringify(truth));
  console.log(`${out}: ${truth.bytes} bytes, ${truth.records} records, ${truth.invocations} invocations`);
}
