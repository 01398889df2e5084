/** Several things at a time without holding all of them: plumbing of collectors. */

/**
 * `work` over all items, at most `limit` at a time; results in the order of the items. Items are drawn only as they are needed.
 * The first error ends it; work already begun is waited for, and its errors are dropped.
 */
export async function* concurrently<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  limit: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = [];
  try {
    for await (const item of items) {
      const one = work(item);
      // an error is thrown where its turn comes, not before
      one.catch(() => {});
      running.push(one);
      if (running.length >= limit) yield await running.shift()!;
    }
    while (running.length > 0) yield await running.shift()!;
  } finally {
    await Promise.allSettled(running);
  }
}

/** What several sources give, as it comes; each is asked for its next only after the one before was taken. The first error ends all. */
export async function* merged<Item>(sources: readonly AsyncIterable<Item>[]): AsyncGenerator<Item> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  const next = (i: number): Promise<{ i: number; result: IteratorResult<Item> }> => {
    const asked = iterators[i]!.next().then((result) => ({ i, result }));
    asked.catch(() => {});
    return asked;
  };
  const waiting = new Map(iterators.map((_, i) => [i, next(i)]));
  try {
    while (waiting.size > 0) {
      const { i, result } = await Promise.race(waiting.values());
      if (result.done === true) waiting.delete(i);
      else {
        waiting.set(i, next(i));
        yield result.value;
      }
    }
  } finally {
    await Promise.allSettled(iterators.map((iterator) => iterator.return?.()));
  }
}
