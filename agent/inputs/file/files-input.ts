/**
 * The file input: reads files that globs match, each into a stream of its own, exactly once whatever happens to the files.
 *
 * Two tasks: the reader takes turns with the files that have something new (reader.ts); the scanner looks for files and for what
 * happened to them (scanner.ts, whereabouts.ts), when the system hints at something, and at everything every `scan_interval`. A hint
 * only makes it faster: nothing depends on one. Which stream goes on in which file is told in identity.ts, which input reads which
 * stream in claims.ts.
 *
 * Positions: an input begins where `sink.streams()` says a stream was pushed to. It pushes nothing after it stopped, and keeps
 * nothing that was not pushed, so the next instance goes on exactly there. An unfinished last line that is held is not pushed.
 *
 * `start: end` holds for files that the first scan finds, if the input has no stream of its own then, that is when it runs for
 * the first time. A line that is being written at that moment is read from its beginning. All other files are read from theirs.
 */
import { Condition } from '../../framing/condition.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Input, InputEvents, Sink, SourceStatus, StreamState } from '../input.ts';
import { Alarm } from './alarm.ts';
import { attributesKeyOf, type Claimant, claimsOf } from './claims.ts';
import { type DroppedSource, gatesOf, type HeldSource, type SourceGate } from './collapse.ts';
import type { FileInputContext } from './context.ts';
import { Copies } from './copies.ts';
import type { FileKind } from './file-kind.ts';
import { FilePatterns } from './file-patterns.ts';
import { FolderIndex } from './folder-index.ts';
import { FolderWatcher } from './folder-watcher.ts';
import { KnownStreams } from './known-streams.ts';
import type { FileKey } from './identity.ts';
import { hintDelayMs, hintsMax, idleCloseMs, rotatedPollMs, soonScanMs, unwatchedScanMs } from './limits.ts';
import { OpenFiles } from './open-files.ts';
import type { FilesOptions } from './options.ts';
import { heldUntilMs, Reader } from './reader.ts';
import { Scanner } from './scanner.ts';
import type { Source } from './source.ts';
import { SourceTable } from './source-table.ts';
import { Troubles } from './troubles.ts';
import { Whereabouts } from './whereabouts.ts';

export interface FilesInputParts {
  readonly name: string;
  readonly sink: Sink;
  readonly events: InputEvents;
  readonly clock: Clock;
  /** Read what is there to its last byte: a last line that was quiet for `idle_flush` is the end. */
  readonly once: boolean;
  readonly fileOptions: FilesOptions;
  readonly kind: FileKind;
}

/** What every kind that is built on files is made by. */
export function createFilesInput(parts: FilesInputParts): Input {
  return new FilesInput(parts);
}

class FilesInput implements Input {
  readonly name: string;
  readonly #parts: FilesInputParts;
  readonly #changed = new Condition();
  readonly #claimant: Claimant;
  #run: FilesInputRun | undefined;

  constructor(parts: FilesInputParts) {
    const { name, fileOptions, kind, sink } = parts;
    this.name = name;
    this.#parts = parts;
    const patterns = new FilePatterns(fileOptions);
    this.#claimant = {
      patterns,
      reads: async (path, attributesKey) => {
        const traits = patterns.matches(path) ? await kind.traitsOf(path) : undefined;
        return typeof traits === 'object' && attributesKeyOf(traits.attributes) === attributesKey;
      },
    };
    claimsOf(sink).register(this.#claimant);
    sink.onReplaced((streamId, replacement) => this.#run?.replaced(streamId, replacement));
  }

  async run(signal: AbortSignal): Promise<void> {
    const { sink, events, clock, fileOptions: options, kind, once } = this.#parts;
    const claims = claimsOf(sink);
    claims.register(this.#claimant);
    const run = new FilesInputRun({
      options,
      kind,
      patterns: this.#claimant.patterns,
      once,
      sink,
      events,
      clock,
      claims,
      claimant: this.#claimant,
      table: new SourceTable(),
      files: new OpenFiles(options.open_files_max, clock),
      troubles: new Troubles(events),
      discovering: new Map(),
      onChanged: () => this.#changed.notify(),
    });
    this.#run = run;
    try {
      await run.until(signal);
    } finally {
      claims.release(this.#claimant);
      this.#run = undefined;
    }
  }

  sources(): readonly SourceStatus[] {
    return this.#run?.sources() ?? [];
  }

  failing(): readonly string[] {
    return this.#run?.failing() ?? [];
  }

  async drained(signal: AbortSignal): Promise<void> {
    while (this.#run?.isDrained() !== true) await this.#changed.wait(signal);
  }
}

/** One run of an input: everything that is gone when it stops. */
class FilesInputRun implements SourceGate {
  readonly #context: FileInputContext;
  readonly #reader: Reader;
  readonly #whereabouts: Whereabouts;
  readonly #watcher: FolderWatcher;
  readonly #scanner: Scanner;
  readonly #alarm: Alarm;
  readonly #onChanged: () => void;
  #hints = new Set<string>();
  #hintedMs = Number.NEGATIVE_INFINITY;
  #scannedMs = Number.NEGATIVE_INFINITY;
  #scanSoon = false;
  #scanAll = true;
  #isScanned = false;
  #signal: AbortSignal = AbortSignal.abort();

  constructor({ onChanged, ...context }: FileInputContext & { onChanged: () => void }) {
    this.#context = context;
    this.#onChanged = onChanged;
    this.#alarm = new Alarm(context.clock);
    this.#watcher = new FolderWatcher({ onHint: (path) => this.#hint(path), isOn: context.options.watch === 'auto' });
    const known = new KnownStreams(context);
    const copies = new Copies(context, known);
    const reader = new Reader({ context, copies, onTurn: () => this.#turned(), onLost: (source) => this.#hint(source.path) });
    this.#reader = reader;
    this.#whereabouts = new Whereabouts({ context, reader, copies, onLeft: (source) => this.#scanner.left(source) });
    this.#scanner = new Scanner({
      context,
      reader,
      whereabouts: this.#whereabouts,
      copies,
      known,
      watcher: this.#watcher,
      onUndecided: () => {
        this.#scanSoon = true;
      },
    });
  }

  async until(signal: AbortSignal): Promise<void> {
    const broken = new AbortController();
    const either = AbortSignal.any([signal, broken.signal]);
    const task = async (work: (signal: AbortSignal) => Promise<void>): Promise<void> => {
      try {
        await work(either);
      } catch (error) {
        if (!either.aborted) broken.abort(error);
      }
    };
    this.#signal = either;
    using _ = gatesOf(this.#context.sink).add(this);
    await Promise.all([task((stop) => this.#reader.run(stop)), task((stop) => this.#look(stop))]);
    this.#watcher.close();
    await this.#context.files.closeAll();
    if (broken.signal.aborted) throw broken.signal.reason;
  }

  async hold<T>(key: FileKey, work: (source: HeldSource | undefined) => Promise<T>): Promise<T> {
    const { table, discovering } = this.#context;
    await discovering.get(key);
    const source = table.byKey(key);
    if (source === undefined || this.#signal.aborted) return await work(undefined);
    return await this.#reader.hold(source, this.#signal, async () => {
      const held: HeldSource = { streamId: source.cursor.streamId, identity: source.identity };
      try {
        return await work(held);
      } finally {
        if (held.identity !== source.identity) {
          table.move(source, { identity: held.identity, place: source.place });
          source.verified = false;
          source.endMax = 0;
          source.endKnown = 0;
        }
      }
    });
  }

  async drop(key: FileKey): Promise<DroppedSource | undefined> {
    const { table, discovering, sink } = this.#context;
    await discovering.get(key);
    const source = table.byKey(key);
    if (source === undefined || this.#signal.aborted) return undefined;
    await this.#reader.settled(source, this.#signal);
    await this.#whereabouts.drop(source);
    const { streamId, position } = source.cursor;
    sink.endStream(streamId);
    return { streamId, position };
  }

  sources(): readonly SourceStatus[] {
    return [...this.#context.table.all].map((source) => source.status());
  }

  failing(): readonly string[] {
    return this.#context.troubles.failing();
  }

  isDrained(): boolean {
    if (!this.#isScanned) return false;
    for (const source of this.#context.table.all) {
      if (source.failed) continue;
      if (!source.atEnd || this.#holdsMore(source) || this.#reader.isBusyWith(source)) return false;
    }
    return true;
  }

  /** Whoever reads once needs not wait for a line that was begun since: a busy file may always have one. */
  #holdsMore({ heldBytes, cursor, sizeFound }: Source): boolean {
    return heldBytes > 0 && !(this.#context.once && cursor.position >= sizeFound);
  }

  replaced(streamId: string, replacement: StreamState): void {
    const { table, claims, claimant } = this.#context;
    const source = table.byStream(streamId);
    if (source === undefined) return;
    claims.claimStream(claimant, replacement.streamId);
    const { position, mark } = replacement;
    source.heldBytes = 0;
    table.setCursor(source, { streamId: replacement.streamId, position, mark });
    this.#reader.queue(source);
  }

  #hint(path: string): void {
    this.#hints.add(path);
    this.#alarm.ring();
  }

  #turned(): void {
    // A line that is held from now on has a time at which it is cut off, which may be sooner than the next scan.
    if (this.#context.table.care.size > 0) this.#alarm.ring();
    this.#onChanged();
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { clock, files } = this.#context;
    while (!signal.aborted) {
      const sinceScanMs = clock.monotonic() - this.#scannedMs;
      if (sinceScanMs >= this.#scanIntervalMs()) {
        const elapsedMs = this.#scanAll ? undefined : sinceScanMs;
        this.#scannedMs = clock.monotonic();
        this.#scanSoon = false;
        this.#scanAll = false;
        await this.#scanner.scan(elapsedMs);
        await files.closeIdle(idleCloseMs);
        this.#reader.trim();
        this.#isScanned = true;
        this.#onChanged();
      }
      await this.#followHints();
      await this.#takeCare();
      await this.#pause(signal);
    }
  }

  /** Waits for the next scan or what is due before. The first hint is followed at once, those that come soon after it together. */
  async #pause(signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const dueMs = (): number => Math.max(0, this.#scannedMs + this.#scanIntervalMs() - clock.monotonic());
    if (this.#hints.size === 0) await this.#alarm.sleep(Math.min(dueMs(), this.#careDelayMs()), signal);
    const sinceHintMs = clock.monotonic() - this.#hintedMs;
    if (this.#hints.size > 0 && sinceHintMs < hintDelayMs) {
      await clock.sleep(Math.min(hintDelayMs - sinceHintMs, dueMs()), signal);
    }
  }

  #scanIntervalMs(): number {
    const { scan_interval: interval } = this.#context.options;
    if (this.#scanSoon) return Math.min(interval, soonScanMs);
    return this.#watcher.isComplete ? interval : Math.min(interval, unwatchedScanMs);
  }

  async #followHints(): Promise<void> {
    if (this.#hints.size === 0) return;
    const { table, patterns, clock } = this.#context;
    const hints = this.#hints;
    this.#hints = new Set();
    this.#hintedMs = clock.monotonic();
    if (hints.size > hintsMax) this.#scanAll = true;
    const paths = new Set<string>();
    const index = new FolderIndex();
    for (const path of hints) {
      const source = table.byHint(path);
      if (source !== undefined && source.place === 'here') paths.add(source.path);
      else if (source?.place === 'moved') await this.#whereabouts.checkMoved(source);
      else if (source !== undefined) await this.#whereabouts.checkParked(source, index);
      if (patterns.matches(path)) paths.add(path);
      else if (source === undefined && (await this.#scanner.isWay(path))) this.#scanSoon = true;
    }
    await this.#scanner.look(paths, index);
  }

  /** Gives a turn to files whose held line is due, and looks at open ones that have no name any more. */
  async #takeCare(): Promise<void> {
    const nowMs = this.#context.clock.monotonic();
    for (const source of this.#context.table.care) {
      if (source.failed || this.#reader.isBusyWith(source)) continue;
      if (source.place === 'moved') await this.#whereabouts.checkMoved(source);
      if (source.heldBytes > 0 && this.#cutDelayMs(source, nowMs) <= 0) this.#reader.queue(source);
    }
    await this.#whereabouts.limitKept();
  }

  #careDelayMs(): number {
    const nowMs = this.#context.clock.monotonic();
    let delayMs = Number.POSITIVE_INFINITY;
    for (const source of this.#context.table.care) {
      // Whoever is busy or in trouble has had its turn when it is looked at next.
      const dueMs = source.place === 'moved' ? rotatedPollMs : this.#cutDelayMs(source, nowMs);
      delayMs = Math.min(delayMs, Math.max(dueMs, hintDelayMs));
    }
    return delayMs;
  }

  #cutDelayMs(source: Source, nowMs: number): number {
    return heldUntilMs(source, this.#context.options) - nowMs;
  }
}
