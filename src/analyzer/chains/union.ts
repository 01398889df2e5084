/** Disjoint sets over numbered elements; elements are added as they come. Iterative, so depth never matters. */
export interface Union {
  add(): number;
  find(element: number): number;
  /** Joins two sets and returns the surviving root. */
  join(a: number, b: number): number;
  readonly size: number;
}

export function createUnion(onJoin: (winner: number, loser: number) => void = () => {}): Union {
  const parent: number[] = [];
  const weight: number[] = [];
  function find(element: number): number {
    let root = element;
    while (parent[root] !== root) root = parent[root]!;
    for (let at = element; at !== root;) {
      const next = parent[at]!;
      parent[at] = root;
      at = next;
    }
    return root;
  }
  return {
    add() {
      parent.push(parent.length);
      weight.push(1);
      return parent.length - 1;
    },
    find,
    join(a, b) {
      let winner = find(a);
      let loser = find(b);
      if (winner === loser) return winner;
      if (weight[winner]! < weight[loser]!) [winner, loser] = [loser, winner];
      parent[loser] = winner;
      weight[winner]! += weight[loser]!;
      onJoin(winner, loser);
      return winner;
    },
    get size() {
      return parent.length;
    },
  };
}
