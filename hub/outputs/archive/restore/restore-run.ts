/**
 * Objects of an archive, frame by frame: their lines through a pipeline, the documents to where they are wanted, in the order of the
 * objects. Frames are worked on ahead, in threads.
 */
import type { ArchiveObject } from '../../../queue/queue.ts';
import { type ArchivedLine, ObjectLines, type ReadableArchive, RestoreReadError } from './archived-lines.ts';
import type { LineProcessor, MadeBlock, ProcessedLines } from './line-processor.ts';
import { countOf, cutAt, includes, rangesOf, type RowRange, united, without } from './row-ranges.ts';

/** Documents of some rows of an object. */
export interface MadeOfRows {
  readonly object: ArchiveObject;
  readonly rows: readonly RowRange[];
  /** They were restored before. */
  readonly again: boolean;
  readonly blocks: readonly MadeBlock[];
}

/** Where documents go. */
export interface RestoreTarget {
  /** Whether what was restored before may go again. */
  readonly takesAgain: boolean;
  /** What of an object was restored before, and what was begun: that comes first, as it was. */
  begin(object: ArchiveObject): Promise<{ readonly rows: readonly RowRange[]; readonly pending: readonly RowRange[] }>;
  /** Durable when it resolves. `too-large`: fewer at a time. */
  take(made: MadeOfRows): Promise<'done' | 'too-large'>;
}

export interface RestoreRunParts {
  readonly archive: ReadableArchive;
  readonly objects: readonly ArchiveObject[];
  readonly query: { readonly sinceMs?: number; readonly untilMs?: number; readonly host?: string };
  readonly processor: Pick<LineProcessor, 'process'>;
  readonly target: RestoreTarget;
  /** Frames that are worked on at a time. */
  readonly ahead: number;
  readonly onProgress: (sums: Readonly<RestoreSums>) => void;
}

export interface RestoreSums {
  /** Read so far, and how many there are. */
  objects: number;
  readonly objectsAll: number;
  lines: number;
  /** By the log type that they go to. */
  readonly documents: Record<string, number>;
  /** Rows that were restored before. */
  alreadyThere: number;
  /** A sentence for each object that cannot be read whole, and for each line with which nothing could be done. */
  readonly problems: string[];
  problemsMore: number;
}

interface Unit {
  readonly object: ArchiveObject;
  readonly lines: readonly ArchivedLine[];
  readonly rows: readonly RowRange[];
  readonly again: boolean;
}

const problemsMax = 100;

export class RestoreRun {
  readonly #parts: RestoreRunParts;
  readonly #underWay: { readonly unit: Unit; readonly processed: Promise<ProcessedLines> }[] = [];
  readonly #sums: RestoreSums;

  constructor(parts: RestoreRunParts) {
    this.#parts = parts;
    const objectsAll = parts.objects.length;
    this.#sums = { objects: 0, objectsAll, lines: 0, documents: {}, alreadyThere: 0, problems: [], problemsMore: 0 };
  }

  /** Rejects where the documents cannot go where they are wanted. What cannot be read is a problem of the sums. */
  async run(): Promise<Readonly<RestoreSums>> {
    const { objects, onProgress } = this.#parts;
    const inOrder = objects.toSorted((a, b) => a.receivedMsMin - b.receivedMsMin || (a.name < b.name ? -1 : 1));
    for (const object of inOrder) {
      try {
        await this.#restore(object);
      } catch (error) {
        if (!(error instanceof RestoreReadError)) throw error;
        this.#problem(`${object.name}: ${error.message}`);
      }
      this.#sums.objects += 1;
      onProgress(this.#sums);
    }
    while (this.#underWay.length > 0) await this.#finishFirst();
    return this.#sums;
  }

  async #restore(object: ArchiveObject): Promise<void> {
    const { archive, target } = this.#parts;
    const lines = await ObjectLines.open(archive, object);
    // What is taken for it is in its book.
    const state = await target.begin(object);
    if (state.pending.length > 0) await this.#add({ object, again: false, ...(await this.#pendingOf(lines, state.pending)) });
    for (let frame = 0; frame < lines.frames; frame += 1) {
      const taken = united(state.rows, state.pending);
      if (!target.takesAgain && without([lines.rowsOf(frame)], taken).length === 0) {
        this.#sums.alreadyThere += countOf([lines.rowsOf(frame)]);
        continue;
      }
      const found = await lines.read(frame, (source) => this.#isChosen(source));
      const chosen = without(rangesOf(found.rows), state.pending);
      const fresh = without(chosen, state.rows);
      const before = without(chosen, fresh);
      if (fresh.length > 0) await this.#add(unitOf(object, found.lines, fresh, false));
      if (before.length > 0 && target.takesAgain) await this.#add(unitOf(object, found.lines, before, true));
      else this.#sums.alreadyThere += countOf(before);
    }
  }

  async #pendingOf(lines: ObjectLines, rows: readonly RowRange[]): Promise<Pick<Unit, 'lines' | 'rows'>> {
    const found: ArchivedLine[] = [];
    for (let frame = 0; frame < lines.frames; frame += 1) {
      if (!overlaps(rows, lines.rowsOf(frame))) continue;
      found.push(...(await lines.read(frame, (_, row) => includes(rows, row))).lines);
    }
    return { lines: found, rows };
  }

  #isChosen({ receivedMs, host }: ArchivedLine['source']): boolean {
    const { sinceMs = -Infinity, untilMs = Infinity, host: wanted } = this.#parts.query;
    return receivedMs >= sinceMs && receivedMs < untilMs && (wanted === undefined || host === wanted);
  }

  async #add(unit: Unit): Promise<void> {
    const processed = this.#parts.processor.process(unit.lines);
    processed.catch(() => undefined);
    this.#underWay.push({ unit, processed });
    if (this.#underWay.length >= this.#parts.ahead) await this.#finishFirst();
  }

  async #finishFirst(): Promise<void> {
    const first = this.#underWay.shift();
    if (first === undefined) return;
    await this.#finish(first.unit, await first.processed);
    this.#parts.onProgress(this.#sums);
  }

  async #finish(unit: Unit, { blocks, problems }: ProcessedLines): Promise<void> {
    const { object, rows, again, lines } = unit;
    if ((await this.#parts.target.take({ object, rows, again, blocks })) === 'too-large') return this.#finishHalves(unit);
    this.#sums.lines += lines.length;
    for (const { type, records } of blocks) this.#sums.documents[type] = (this.#sums.documents[type] ?? 0) + records;
    for (const problem of problems) this.#problem(`${object.name}: ${problem}`);
  }

  async #finishHalves({ object, lines, rows, again }: Unit): Promise<void> {
    const middle = lines[lines.length >> 1];
    if (middle === undefined || lines.length === 1) {
      this.#problem(`${object.name}: row ${rows[0]?.[0] ?? 0} makes more documents than the hub takes at a time`);
      return;
    }
    for (const half of cutAt(rows, middle.row)) {
      const unit = unitOf(object, lines, half, again);
      await this.#finish(unit, await this.#parts.processor.process(unit.lines));
    }
  }

  #problem(text: string): void {
    if (this.#sums.problems.length < problemsMax) this.#sums.problems.push(text);
    else this.#sums.problemsMore += 1;
  }
}

function unitOf(object: ArchiveObject, lines: readonly ArchivedLine[], rows: readonly RowRange[], again: boolean): Unit {
  return { object, lines: lines.filter(({ row }) => includes(rows, row)), rows, again };
}

function overlaps(rows: readonly RowRange[], [first, behind]: RowRange): boolean {
  return rows.some(([from, to]) => from < behind && first < to);
}
