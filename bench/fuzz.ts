/**
 * Throws damaged telemetry at every parser: `npm run bench:fuzz [-- --cases N --seed S --from DIR]`. Valid documents (made here from the shapes the
 * formats look for, and files of a folder) are cut, bent, swapped, nested and blown up, then read by `readSource` with all formats.
 * A crash is anything it throws; a hang is a case of more than 5 s; a record must hold no NaN or Infinity. Prints cases and seed.
 */
import { parseArgs } from "node:util";
import { fuzz } from "./fuzz/run.ts";
import { madeSeeds, seedsFrom } from "./fuzz/seeds.ts";

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "100000" },
    seed: { type: "string" },
    from: { type: "string", default: "../shared/corpora" },
  },
});
const cases = Number(values.cases);
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
const seeds = [...madeSeeds(), ...(await seedsFrom(values.from))];
console.log(`fuzz: ${cases} cases from ${seeds.length} valid inputs, seed ${seed}`);

const started = performance.now();
const found = await fuzz({
  cases,
  seed,
  seeds,
  progress: (done) => console.log(`  ${done} cases, ${((performance.now() - started) / 1000).toFixed(0)} s`),
});
for (const failure of found.failures)
  console.log(`FAILED case ${failure.number} (seed ${seed}): ${failure.what}\n  input: ${failure.input}`);
console.log(
  `fuzz: ${found.cases} cases in ${((performance.now() - started) / 1000).toFixed(1)} s, seed ${seed}: ${found.failures.length} failures, slowest case ${found.slowestMs.toFixed(0)} ms; ` +
    `${found.recognised} recognised, ${found.records} records, ${found.broken} broken parts reported`,
);
process.exitCode = found.failures.length > 0 ? 1 : 0;
