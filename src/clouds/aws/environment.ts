/** The execution environment that a log stream stands for, as far as its lines said. */
import type { Source } from "../../model/formats.ts";
import { arnOf, functionOf, functionOfGroup, functionOfPath, functionOfStream, versionOfStream } from "./names.ts";
import { originalOf } from "./probe-name.ts";

export interface Environment {
  /** null: no line, group or stream has named the function. */
  fn: string | null;
  version: string | null;
  account: string | null;
  region: string | null;
  stream: string | null;
  /** Invocations that started and have not reported. More than one: lines without an ID cannot be told apart. */
  open: number;
  /** The invocation that started (or, in newest-first exports, reported) last. */
  current: string | null;
  /** The invocation whose START or REPORT came last. */
  last: string | null;
  /** Its init was cut short or repeated inside the next invocation. */
  initFailed: boolean;
  emulator: boolean;
  /** Billing mode, where it is not the usual one (`provisioned-concurrency`, `lambda-managed-instances`). null: usual, or not said. */
  plan: string | null;
  /** It is one of the copy that evscope probes: its runs are a probe's, and cost the function money. */
  probe: boolean;
}

/** What stream and group say of an environment; the user's `--function` wins, a path only counts where the content names no group. */
export function newEnvironment(
  source: Source,
  group: string | null,
  stream: string | null,
  account: string | null,
  region: string | null,
): Environment {
  const arn = arnOf(group);
  // a stream names its function only where the group may be shared: then the group's name is not the function's
  const named = source.fn ?? (stream === null ? null : functionOfStream(stream)) ?? (group === null ? null : functionOfGroup(group));
  const probed = named === null ? null : originalOf(named, group);
  return {
    fn: probed ?? named ?? (group === null ? functionOfPath(source.segments) : null),
    version: stream === null ? null : versionOfStream(stream),
    account: arn?.account ?? account,
    region: arn?.region ?? region,
    stream,
    open: 0,
    current: null,
    last: null,
    initFailed: false,
    emulator: false,
    plan: null,
    probe: probed !== null,
  };
}

/** Takes region, account and function from an ARN that a line of the environment names (its function, its runtime). */
export function learn(env: Environment, arn: string): void {
  const found = arnOf(arn);
  if (found === null) return;
  env.region ??= found.region;
  env.account ??= found.account;
  env.fn ??= functionOf(arn)?.fn ?? null;
}
