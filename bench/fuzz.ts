/**
 * Throws damaged telemetry at every parser: `npm run bench:fuzz [-- --cases N --seed S --from DIR]`. Valid documents (made here from the shapes the
 * formats look for, and files of a folder) are cut, bent, swapped, nested and blown up, then read by `readSource` with all formats.
 * A crash is anything it throws; a hang is a case of more than 5 s; a record must hold no NaN or Infinity. Prints cases and seed.
 */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { parseArgs } from "node:util";
import { type FuzzFound, fuzz, HANG_MS } from "./fuzz/run.ts";
import { madeSeeds, seedsFrom } from "./fuzz/seeds.ts";

interface Job {
  cases: number;
  seed: number;
  from: string;
  /** [0]: number of the case in hand. */
  current: Int32Array;
}

if (isMainThread) watch();
else await work(workerData as Job);

/** The cases run in a worker, so that one that never ends can still be named. */
function watch(): void {
  const { values } = parseArgs({
    options: {
      cases: { type: "string", default: "100000" },
      seed: { type: "string" },
      from: { type: "string", default: "../shared/corpora" },
    },
  });
  const job: Job = {
    cases: Number(values.cases),
    seed: values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed),
    from: values.from,
    current: new Int32Array(new SharedArrayBuffer(4)).fill(-1),
  };
  console.log(`fuzz: ${job.cases} cases, seed ${job.seed}`);
  const worker = new Worker(new URL(import.meta.url), { workerData: job });
  worker.on("message", (line: string) => console.log(line));
  worker.on("error", (error) => {
    console.log(`FAILED case ${job.current[0]} (seed ${job.seed}): ${error.stack}`);
    process.exitCode = 1;
  });
  worker.on("exit", (code) => {
    clearInterval(watchdog);
    process.exitCode ||= code;
  });
  let seen = -1;
  let since = performance.now();
  const watchdog = setInterval(() => {
    const now = performance.now();
    if (job.current[0] !== seen) {
      seen = job.current[0]!;
      since = now;
    } else if (seen >= 0 && now - since > 2 * HANG_MS) {
      console.log(`FAILED case ${seen} (seed ${job.seed}): does not end`);
      process.exit(1);
    }
  }, 1_000);
}

async function work(job: Job): Promise<void> {
  const say = (line: string): void => parentPort!.postMessage(line);
  const seeds = [...madeSeeds(), ...(await seedsFrom(job.from))];
  say(`fuzz: ${seeds.length} valid inputs to start from`);
  const started = performance.now();
  const seconds = (): string => ((performance.now() - started) / 1000).toFixed(1);
  const found = await fuzz({
    ...job,
    seeds,
    begin: (number) => {
      job.current[0] = number;
      if (number > 0 && number % 10_000 === 0) say(`  ${number} cases, ${seconds()} s`);
    },
  });
  job.current[0] = -1;
  for (const line of summary(found, job.seed, seconds())) say(line);
  process.exitCode = found.failures.length > 0 ? 1 : 0;
}

function summary(found: FuzzFound, seed: number, seconds: string): string[] {
  return [
    ...found.failures.map((f) => `FAILED case ${f.number} (seed ${seed}): ${f.what}\n  input: ${f.input}`),
    `fuzz: ${found.cases} cases in ${seconds} s, seed ${seed}: ${found.failures.length} failures, slowest case ${found.slowestMs.toFixed(0)} ms; ` +
      `${found.recognised} recognised, ${found.records} records, ${found.broken} broken parts reported`,
  ];
}
