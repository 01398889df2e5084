/** Many tasks, one writer: pages go into one batch in turns, and windows are noted as held once their records are on disk. */
import type { Span } from "../../clouds/room.ts";
import type { Clock } from "../../model/clock.ts";
import type { Rec, RecordType } from "../../model/records.ts";
import type { Bytes, EpochMs, Ms } from "../../model/units.ts";
import type { BatchWriter, Collected } from "../../store/index.ts";

/** A batch is finished when it holds so much, or after so long: what a kill costs at most. */
const BATCH_BYTES: Bytes = 48e6;
const BATCH_MS: Ms = 120_000;

export class Merger {
  /** Records new to the dataset; those it held already; all read, by type. */
  added = 0;
  duplicates = 0;
  readonly byType: Partial<Record<RecordType, number>> = {};
  /** Why nothing more can be written (the disk is full ...); null: it can. */
  broken: Error | null = null;
  readonly #writer: BatchWriter;
  readonly #collected: Collected;
  readonly #clock: Clock;
  readonly #batchBytes: Bytes;
  #begunAt: EpochMs;
  /** Sources whose records are all written, but not yet on disk. */
  #done: { sources: readonly string[]; window: Span }[] = [];
  #committing: Promise<void> | null = null;

  constructor(writer: BatchWriter, collected: Collected, clock: Clock, batchBytes: Bytes = BATCH_BYTES) {
    this.#writer = writer;
    this.#collected = collected;
    this.#clock = clock;
    this.#batchBytes = batchBytes;
    this.#begunAt = clock.now();
  }

  /** A number for a source read in turns with others. */
  begin(): number {
    return this.#writer.beginSource();
  }

  async write(source: number, records: readonly Rec[]): Promise<void> {
    if (this.broken !== null) throw this.broken;
    // the writer takes nothing while it finishes a batch
    while (this.#committing !== null) await this.#committing;
    try {
      this.#writer.useSource(source);
      for (const record of records) {
        this.#writer.write(record);
        this.byType[record.type] = (this.byType[record.type] ?? 0) + 1;
      }
    } catch (error) {
      this.broken = error as Error;
      throw error;
    }
    if (this.#writer.heldBytes >= this.#batchBytes || this.#clock.now() - this.#begunAt >= BATCH_MS) await this.commit();
  }

  /** Everything of these sources in this window was written. */
  done(sources: readonly string[], window: Span): void {
    this.#done.push({ sources, window });
  }

  /** Puts what was written on disk, then notes the windows done until now as held. */
  async commit(): Promise<void> {
    while (this.#committing !== null) await this.#committing;
    if (this.broken !== null) throw this.broken;
    const commit = this.#commit().finally(() => {
      this.#committing = null;
    });
    this.#committing = commit.catch((error: Error) => {
      this.broken = error;
    });
    await commit;
  }

  async #commit(): Promise<void> {
    const done = this.#done.splice(0);
    const { added, duplicates } = await this.#writer.finish();
    this.added += added;
    this.duplicates += duplicates;
    this.#begunAt = this.#clock.now();
    if (done.length === 0) return;
    for (const { sources, window } of done) for (const source of sources) this.#collected.mark(source, window);
    this.#collected.save();
  }
}
