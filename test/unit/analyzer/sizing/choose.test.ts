import { describe, expect, it } from "vitest";
import { choose, type ChooseOptions, type Curves, slowerProbability } from "../../../../src/analyzer/sizing/choose.ts";

/** Curves with their weights; the same error everywhere but at the current size. */
function curves(parts: readonly { weight: number; ms: (memoryMib: number) => number }[], noise = 0): Curves {
  const logCurve = (size: number): Float64Array => Float64Array.from(parts, ({ ms }) => Math.log(ms(size)));
  const weights = Float64Array.from(parts, ({ weight }) => weight);
  return {
    weights,
    logCurve,
    noise: (size) => (size === 1024 ? 0 : noise),
    meanMs: (size) => Math.exp(logCurve(size).reduce((sum, log, i) => sum + weights[i]! * log, 0)),
  };
}

const one = (ms: (memoryMib: number) => number, noise = 0): Curves => curves([{ weight: 1, ms }], noise);
const flat = (): number => 100;
const proportional = (size: number): number => 102_400 / size;
const saturating = (size: number): number => (100 * 1769) / Math.min(size, 1769);

/** A million runs a month at $16.6667 per million GB-s: 1024 MiB for 100 ms are $1.66667. */
function options(over: Partial<Omit<ChooseOptions, "objective">> & Partial<ChooseOptions["objective"]> = {}): ChooseOptions {
  const { optimize = "cost", maxSlowdown = null, minSavingUsdPerMonth = 0, ...rest } = over;
  return {
    currentMib: 1024,
    candidatesMib: [128, 256, 512, 1024, 1769, 3008],
    costAt: (size) => ({ fixedUsdPerMonth: 0, usdPerMonthPerMs: (size / 1024) * 0.0166667 }),
    asynchronous: false,
    objective: { optimize, maxSlowdown, minSavingUsdPerMonth },
    ...rest,
  };
}

describe("cheapest size", () => {
  it("of a function that only waits is the smallest: an eighth of the memory, an eighth of the cost", () => {
    const choice = choose(one(flat), options());
    expect(choice).toMatchObject({ memoryMib: 128, act: true, why: "gain", slowerProbability: 0, gainProbability: 1 });
    // 1.66667 * 7/8
    expect(choice.savingUsdPerMonth.p50).toBeCloseTo(1.458336, 5);
  });

  it("of a function that only computes is where it is: all sizes cost the same", () => {
    expect(choose(one(proportional), options())).toMatchObject({ memoryMib: 1024, act: false, why: "best", unguardedMib: 1024 });
  });

  it("is not taken where someone would wait longer, and is where nobody waits", () => {
    // half the memory takes 1.5 times as long: 25 % cheaper, and 512 -> 256 likewise
    const slower = one((size) => 100 * (1024 / size) ** Math.log2(1.5));
    expect(choose(slower, options())).toMatchObject({ memoryMib: 1024, act: false, why: "slower", unguardedMib: 128 });
    // 256: 2.25 times; 128: 3.375 times, over three
    expect(choose(slower, options({ asynchronous: true }))).toMatchObject({ memoryMib: 256, act: true });
    expect(choose(slower, options({ maxSlowdown: 0.6 }))).toMatchObject({ memoryMib: 512, act: true });
  });

  it("is not advised where the curves disagree: seven of ten say dearer", () => {
    const either = curves([
      { weight: 0.3, ms: flat },
      { weight: 0.7, ms: (size) => (100 * 1024) / size },
    ]);
    const choice = choose(either, options({ asynchronous: true, maxSlowdown: 100 }));
    expect(choice).toMatchObject({ act: false, why: "uncertain", memoryMib: 128 });
    expect(choice.gainProbability).toBeCloseTo(0.3, 6);
  });

  it("is not advised for a saving below the least one", () => {
    expect(choose(one(flat), options({ minSavingUsdPerMonth: 1.4 })).act).toBe(true);
    expect(choose(one(flat), options({ minSavingUsdPerMonth: 1.5 }))).toMatchObject({ act: false, why: "uncertain" });
  });

  it("never leaves the candidates", () => {
    expect(choose(one(flat), options({ candidatesMib: [512, 2048] })).memoryMib).toBe(512);
    expect(choose(one(flat), options({ candidatesMib: [] })).memoryMib).toBe(1024);
  });
});

describe("errors of prediction", () => {
  it("count: with 10 % error a size that looks as fast is slower by 10 % with probability 0.17", () => {
    // 1 - Phi(ln 1.1 / 0.1) = 1 - Phi(0.9531) = 0.1703
    const of = one(flat, 0.1);
    expect(slowerProbability(of, 1024, 512, 0.1)).toBeCloseTo(0.1703, 4);
    expect(choose(of, options())).toMatchObject({ memoryMib: 1024, act: false, why: "slower" });
  });

  it("widen the saving: at half the memory 1.66667 - 0.83333 * exp(+-0.12816)", () => {
    const { savingUsdPerMonth } = choose(one(flat, 0.1), options({ candidatesMib: [512], asynchronous: true }));
    expect(savingUsdPerMonth.p10).toBeCloseTo(0.7194, 3);
    expect(savingUsdPerMonth.p50).toBeCloseTo(0.8333, 3);
    expect(savingUsdPerMonth.p90).toBeCloseTo(0.9336, 3);
  });
});

describe("balanced and speed", () => {
  it("go to one vCPU where more does not help", () => {
    expect(choose(one(saturating), options({ optimize: "balanced" }))).toMatchObject({ memoryMib: 1769, act: true });
    expect(choose(one(saturating), options({ optimize: "speed" }))).toMatchObject({ memoryMib: 1769, act: true });
  });

  it("buy no speed that is not there", () => {
    expect(choose(one(flat), options({ optimize: "balanced" })).memoryMib).toBe(128);
    const fast = choose(one(flat), options({ optimize: "speed" }));
    expect(fast).toMatchObject({ memoryMib: 128, act: true });
    expect(fast.savingUsdPerMonth.p50).toBeCloseTo(1.458336, 5);
  });

  it("show what speed costs as a negative saving", () => {
    // three times the memory, a third of the time: the same cost
    const faster = one((size) => 102_400 / size);
    const choice = choose(faster, options({ optimize: "speed" }));
    expect(choice.memoryMib).toBe(3008);
    expect(choice.savingUsdPerMonth.p50).toBeCloseTo(0, 6);
    const dear = choose(
      one((size) => 100 * (1024 / size) ** 0.5),
      options({ optimize: "speed" }),
    );
    // sqrt(3008/1024) times the cost of now: 1.66667 * (1 - 1.713913)
    expect(dear.savingUsdPerMonth.p50).toBeCloseTo(-1.18986, 4);
  });
});

describe("a size that only uncertainty forbids", () => {
  /** One vCPU is as fast as more; below, half the memory takes 1.41 times as long. */
  const bent = (size: number): number => 100 * Math.sqrt(1769 / Math.min(size, 1769));
  const from3008 = { currentMib: 3008, candidatesMib: [512, 1769, 2048] };

  it("is named, with what it gains and how doubtful it is, though a slower one would be better still", () => {
    // both sizes are known to 10 %: 1 - Phi(ln 1.1 / hypot(.1, .1)) = 1 - Phi(0.674) = 0.2502
    const choice = choose(one(bent, 0.1), options(from3008));
    // 512: 1.86 times as long, 68 % cheaper
    expect(choice).toMatchObject({ act: false, why: "slower", unguardedMib: 512 });
    expect(choice.doubtful).toMatchObject({ memoryMib: 1769, slowdownLimit: 0.1 });
    expect(choice.doubtful!.slowerProbability).toBeCloseTo(0.2502, 3);
    // 1769 / 3008 = 0.588 of the cost
    expect(choice.doubtful!.costChange).toBeCloseTo(-0.4119, 4);
    expect(choice.doubtful!.durationChange).toBeCloseTo(0, 9);
  });

  it("is not there where slower is what is expected, where it may be taken, or where it gains too little", () => {
    expect(choose(one(bent, 0.1), options({ ...from3008, candidatesMib: [512] })).doubtful).toBeNull();
    // with 1 % of error 1769 is advised: nothing within the limit is better
    expect(choose(one(bent, 0.01), options(from3008))).toMatchObject({ memoryMib: 1769, act: true, doubtful: null });
    // $2.02 a month at 1769, $4.9 now: 1769 saves $2.02
    expect(choose(one(bent, 0.1), options({ ...from3008, minSavingUsdPerMonth: 3 })).doubtful).toBeNull();
  });
});
