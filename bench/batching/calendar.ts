/** The clock of the replay: things happen in order of time, and in the order they were planned. */
interface Entry {
  at: number;
  order: number;
  what: () => void;
}

export class Calendar {
  /** Milliseconds. */
  now = 0;
  readonly #entries: Entry[] = [];
  #planned = 0;

  in(ms: number, what: () => void): void {
    this.at(this.now + ms, what);
  }

  /** Again and again, first after one period. */
  every(ms: number, what: () => void): void {
    this.in(ms, () => {
      what();
      this.every(ms, what);
    });
  }

  at(ms: number, what: () => void): void {
    const heap = this.#entries;
    const entry = { at: ms, order: this.#planned++, what };
    let place = heap.push(entry) - 1;
    for (let up = (place - 1) >> 1; place > 0 && before(entry, heap[up]!); up = (place - 1) >> 1) {
      heap[place] = heap[up]!;
      heap[up] = entry;
      place = up;
    }
  }

  run(done: () => boolean): void {
    while (!done()) {
      const next = this.#next();
      if (next === null) return;
      this.now = next.at;
      next.what();
    }
  }

  #next(): Entry | null {
    const heap = this.#entries;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined) return null;
    if (heap.length === 0) return top;
    let place = 0;
    heap[0] = last;
    for (;;) {
      const left = 2 * place + 1;
      let least = place;
      for (const child of [left, left + 1]) if (child < heap.length && before(heap[child]!, heap[least]!)) least = child;
      if (least === place) return top;
      [heap[place], heap[least]] = [heap[least]!, heap[place]!];
      place = least;
    }
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
