/** So many calls at a time to what a vendor limits by number, not by rate; shared by everybody who has the same connection. */

const gates = new WeakMap<object, Map<string, Gate>>();

interface Gate {
  running: number;
  waiting: (() => void)[];
}

/** The result of `work`, begun when fewer than `limit` of this name run on this connection; first come, first served. */
export async function gated<Result>(connection: object, name: string, limit: number, work: () => Promise<Result>): Promise<Result> {
  const gate = gateOf(connection, name);
  if (gate.running >= limit) await new Promise<void>((resolve) => void gate.waiting.push(resolve));
  else gate.running++;
  try {
    return await work();
  } finally {
    // the turn is handed on, so that nobody can come in between
    const next = gate.waiting.shift();
    if (next === undefined) gate.running--;
    else next();
  }
}

function gateOf(connection: object, name: string): Gate {
  let own = gates.get(connection);
  if (own === undefined) gates.set(connection, (own = new Map()));
  let gate = own.get(name);
  if (gate === undefined) own.set(name, (gate = { running: 0, waiting: [] }));
  return gate;
}
