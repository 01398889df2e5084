/** The stretch of time that the waterfall shows. Milliseconds since the chain's start. */
export interface View {
  fromMs: number;
  toMs: number;
}

/** Smallest stretch: a microsecond is what telemetry knows. */
const LEAST_MS = 0.01;

/** Nearer (`factor` below 1) or farther, keeping `atMs` where it is; never beyond `whole`. */
export function zoomed(view: View, factor: number, atMs: number, whole: View): View {
  const span = Math.min(whole.toMs - whole.fromMs, Math.max(LEAST_MS, (view.toMs - view.fromMs) * factor));
  const share = (atMs - view.fromMs) / (view.toMs - view.fromMs);
  return within({ fromMs: atMs - share * span, toMs: atMs + (1 - share) * span }, whole);
}

/** Earlier (negative) or later, as far as there is something. */
export function panned(view: View, byMs: number, whole: View): View {
  return within({ fromMs: view.fromMs + byMs, toMs: view.toMs + byMs }, whole);
}

/** Moved into `whole` with its length kept where it fits. */
function within(view: View, whole: View): View {
  const span = view.toMs - view.fromMs;
  const fromMs = Math.max(whole.fromMs, Math.min(view.fromMs, whole.toMs - span));
  return { fromMs, toMs: Math.min(whole.toMs, fromMs + span) };
}

/** Round moments in the view, 1, 2 or 5 times a power of ten apart, about `count` of them. */
export function ticks({ fromMs, toMs }: View, count: number): number[] {
  const rough = (toMs - fromMs) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((one) => one >= rough * 0.999)!;
  const found: number[] = [];
  for (let n = Math.ceil(fromMs / step - 1e-9); n * step <= toMs + step * 1e-9; n++) found.push(Number((n * step).toPrecision(12)));
  return found;
}
