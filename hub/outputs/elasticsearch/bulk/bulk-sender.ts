/**
 * Sends pieces as bulk requests: documents of several topics together, several requests at once, as many and as large as the server takes. Every document
 * of a piece is settled by an answer of its own; what may pass is tried for ever, and nothing is given up but by `abandon`.
 *
 * A document that may be there already, because an answer was lost or an earlier owner sent it, is looked up first: `create` refuses a second one
 * in the index that is written to, and not in those before it (invariant 5). One that may have been sent a moment ago is looked for in that index as
 * well: a rollover after the look would have it created in the next one.
 */
import { assert } from '@tributary/shared/assert.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import { Wake } from '../../../groups/wake.ts';
import { NotToldError } from '../client/backing-indices.ts';
import { NoAnswerError } from '../client/connection.ts';
import { VolatileIndexError } from '../client/kept-indices.ts';
import { againBytesPerSecond, againMsMax, blockedTriesMin, retryMsMax, retryMsMin, strangeTriesMax } from '../limits.ts';
import { SetupError } from '../setup/setup-server.ts';
import { isOfLoad, isOfShards, neverFits, type RequestVerdict, requestVerdict, type Verdict, verdictOf } from './answers.ts';
import { BulkQueue } from './bulk-queue.ts';
import type { BulkServer, Doubt } from './bulk-server.ts';
import { lateReason, type LateRequest, LateRequests } from './late-requests.ts';
import { apartByName, namedApart, namesNotAllowed, type NameTroubles } from './named-apart.ts';
import type { Pace } from './pace.ts';
import { type Piece, type Range, rangeBytes } from './piece.ts';

/** Why nothing goes at the moment. */
export interface Trouble {
  /**
   * `late`: no answer yet. `blocked`: only some documents wait, such as those of an index that is read-only. `shards`: those whose index is not
   * there yet.
   */
  readonly kind: 'away' | 'late' | 'not-allowed' | 'busy' | 'wrong' | 'volatile' | 'blocked' | 'shards';
  readonly reason: string;
}

export interface BulkEvents {
  /** A request was answered, document by document. */
  answered(figures: { readonly documents: number; readonly bytes: number; readonly wasThere: number }): void;
  /** A request was answered, whatever the answer was. */
  took(latencyMs: number): void;
  /** Documents that are tried again, for this reason. */
  again(documents: number, verdict: { readonly type: string; readonly reason: string }): void;
  trouble(trouble: Trouble | undefined): void;
}

export interface BulkSenderOptions {
  readonly clock: Clock;
  readonly pace: Pace;
  readonly waitMs: number;
  readonly events: BulkEvents;
  readonly server: BulkServer;
}

export class BulkSender {
  readonly #options: BulkSenderOptions;
  readonly #queue = new BulkQueue();
  readonly #wake = new Wake();
  readonly #underWay = new Set<Promise<void>>();
  readonly #gone = new WeakSet<Piece>();
  /** Requests that are to be sent as they are: put together again with others they would fail again. */
  #asTheyAre: Range[][] = [];
  /** Waits of all, while the server takes nothing. */
  #retryMs = retryMsMin;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  #trouble: Trouble | undefined;
  #blocked: Trouble | undefined;
  readonly #late = new LateRequests();
  #lateTrouble: Trouble | undefined;
  /** Requests that were answered well: tells a request that cannot be read from a server that reads none. */
  #successes = 0;

  constructor(options: BulkSenderOptions) {
    this.#options = options;
  }

  get trouble(): Trouble | undefined {
    return this.#trouble ?? this.#lateTrouble ?? this.#blocked;
  }

  get requestsUnderWay(): number {
    return this.#underWay.size;
  }

  /** Its documents are settled one by one from now on. */
  send(piece: Piece, doubt: Doubt): void {
    const nowMs = this.#options.clock.monotonic();
    for (const { from, to } of piece.open()) this.#queue.add({ piece, from, to, doubt, tries: 0 }, nowMs);
    this.#wake.notify();
  }

  /** Nobody waits for it any more: what is not under way is not sent. */
  abandon(piece: Piece): void {
    this.#gone.add(piece);
    this.#queue.drop((range) => range.piece === piece);
    this.#asTheyAre = this.#asTheyAre.map((ranges) => this.#kept(ranges)).filter((ranges) => ranges.length > 0);
  }

  /** Resolves when aborted and nothing is under way; `hurry` ends what is. */
  async run(signal: AbortSignal, hurry: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      this.#queue.awaken(clock.monotonic());
      while (this.#mayGo()) this.#start(hurry);
      this.#lookForLate();
      await this.#wake.wait(clock, signal, this.#nextLookMs());
    }
    await Promise.all(this.#underWay);
  }

  #mayGo(): boolean {
    const { clock, pace, waitMs } = this.#options;
    const { oldestMs } = this.#queue;
    const nowMs = clock.monotonic();
    if (nowMs < this.#pausedUntilMs || this.#underWay.size >= this.#requestsMax) return false;
    if (this.#asTheyAre.length > 0) return true;
    if (oldestMs === undefined) return false;
    return this.#queue.bytes >= pace.bytes || nowMs - oldestMs >= waitMs;
  }

  /** Undefined: when it is told of something. */
  #nextLookMs(): number | undefined {
    const { clock, waitMs } = this.#options;
    const { oldestMs, nextMs } = this.#queue;
    const times: number[] = [];
    if (this.#late.nextMs !== undefined) times.push(this.#late.nextMs);
    const mayStart = this.#underWay.size < this.#requestsMax;
    if (this.#asTheyAre.length > 0 && mayStart) times.push(this.#pausedUntilMs);
    if (oldestMs !== undefined && mayStart) times.push(Math.max(oldestMs + waitMs, this.#pausedUntilMs));
    if (nextMs !== undefined) times.push(nextMs);
    return times.length === 0 ? undefined : Math.max(0, Math.min(...times) - clock.monotonic());
  }

  /** One that tries, while the server takes nothing. */
  get #requestsMax(): number {
    return this.#trouble === undefined ? this.#options.pace.requests : 1;
  }

  #start(hurry: AbortSignal): void {
    const ranges = this.#asTheyAre.shift() ?? this.#ofOneKind(this.#queue.take(this.#options.pace.bytes));
    const work = this.#sendRanges(ranges, hurry).finally(() => {
      this.#underWay.delete(work);
      this.#wake.notify();
    });
    this.#underWay.add(work);
  }

  #lookForLate(): void {
    const { clock, events } = this.#options;
    const nowMs = clock.monotonic();
    if (!this.#late.look(nowMs)) return;
    const sentMs = clock.now() - (nowMs - (this.#late.sinceMs ?? nowMs));
    this.#lateTrouble = { kind: 'late', reason: lateReason(sentMs) };
    if (this.#trouble === undefined) events.trouble(this.#lateTrouble);
  }

  /** Only a whole request can be told to make nothing but data streams: what goes elsewhere goes by itself. */
  #ofOneKind(ranges: readonly Range[]): readonly Range[] {
    const { free, apart } = apartByName(ranges, (name) => this.#options.server.isStream(name));
    if (free.length === 0) return apart;
    if (apart.length > 0) this.#asTheyAre.push([...apart]);
    return free;
  }

  #isOfStreams([first]: readonly Range[]): boolean {
    return first !== undefined && this.#options.server.isStream(first.piece.placeOf(first.from).index);
  }

  /** Never rejects: what fails is tried again. */
  async #sendRanges(ranges: readonly Range[], signal: AbortSignal): Promise<void> {
    const { server, clock, events } = this.#options;
    let isSent = false;
    let left = ranges;
    let isAnswered = false;
    const request = this.#late.begun(clock.monotonic());
    try {
      left = await this.#withoutThere(ranges, signal);
      const names = new Set(left.flatMap(({ piece }) => piece.names));
      left = this.#withoutNames(left, await server.make(names, signal));
      const open = left;
      if (open.length === 0) return;
      const parts = open.map(({ piece, from, to }) => piece.linesOf(from, to));
      const [whole] = parts;
      const body = parts.length === 1 && whole !== undefined ? whole : Buffer.concat(parts);
      const startedMs = clock.monotonic();
      isSent = true;
      crashPoint('hub.elasticsearch.before-bulk');
      const answer = await server.post(body, this.#isOfStreams(open), signal);
      crashPoint('hub.elasticsearch.after-bulk');
      const latencyMs = clock.monotonic() - startedMs;
      events.took(latencyMs);
      isAnswered = true;
      const verdict = requestVerdict(answer, countOf(open));
      if (verdict.kind === 'done' || verdict.kind === 'items')
        await server.check(names.difference(namesNotAllowed(open, verdict)), signal);
      this.#judge(open, verdict, latencyMs);
      if (!this.#queue.isAnyDelayed) this.#block(undefined);
    } catch (error) {
      const mayHaveArrived = isSent && !(error instanceof NoAnswerError && !error.mayHaveArrived);
      if (!signal.aborted) this.#pause(troubleOf(error));
      this.#putBack(left, mayHaveArrived);
    } finally {
      this.#ended(request, isAnswered);
    }
  }

  #ended(request: LateRequest, isAnswered: boolean): void {
    const { clock, events } = this.#options;
    const isMore = this.#queue.oldestMs !== undefined || this.#asTheyAre.length > 0;
    if (!this.#late.ended(request, { nowMs: clock.monotonic(), isAnswered, isMore })) return;
    this.#lateTrouble = undefined;
    if (this.#trouble === undefined) events.trouble(this.#blocked);
  }

  /** Those whose index cannot be made are refused, or wait each for itself. */
  #withoutNames(ranges: readonly Range[], names: NameTroubles): readonly Range[] {
    if (names.size === 0) return ranges;
    const { free, troubled, troubles } = namedApart(ranges, names);
    if (troubles.length > 0) this.#judgeItems(troubled, troubles, { bytes: 0, latencyMs: 0 });
    return free;
  }

  /** What is left of them when those are settled that are there already. */
  async #withoutThere(ranges: readonly Range[], signal: AbortSignal): Promise<Range[]> {
    const { server, events } = this.#options;
    const unsure = ranges.filter(({ doubt }) => doubt !== 'none');
    if (unsure.length === 0) return [...ranges];
    const documents = unsure.flatMap(({ piece, from, to, doubt }) =>
      Array.from({ length: to - from }, (_, index) => ({ piece, document: from + index, doubt })),
    );
    const sought = documents.map(({ piece, document, doubt }) => {
      return { ...piece.placeOf(document), sinceMs: piece.sinceMs, doubt };
    });
    const there = await server.lookUp(sought, signal);
    const names = new Set(sought.filter((_, place) => there.has(place)).map(({ index }) => index));
    if (names.size > 0) await server.check(names, signal);
    for (const [place, { piece, document }] of documents.entries()) if (there.has(place)) piece.wasThere(document);
    events.answered({ documents: there.size, bytes: 0, wasThere: there.size });
    return this.#kept(ranges).flatMap((range) => openRanges(range));
  }

  #judge(ranges: readonly Range[], verdict: RequestVerdict, latencyMs: number): void {
    const { pace } = this.#options;
    const bytes = ranges.reduce((sum, range) => sum + rangeBytes(range), 0);
    switch (verdict.kind) {
      case 'done':
        pace.answered(latencyMs);
        this.#succeeded();
        for (const { piece, from, to } of ranges) for (let document = from; document < to; document += 1) piece.done(document);
        this.#options.events.answered({ documents: countOf(ranges), bytes, wasThere: 0 });
        break;
      case 'items':
        this.#succeeded();
        this.#judgeItems(ranges, verdict.items.map(verdictOf), { bytes, latencyMs });
        break;
      case 'too-large':
        pace.tooLarge(bytes);
        this.#halve(ranges, { status: 413, type: 'content_too_large', reason: verdict.reason });
        break;
      case 'unreadable':
        if (countOf(ranges) === 1 && this.#successes === 0) this.#notTaken(ranges, { kind: 'wrong', reason: verdict.reason });
        else {
          // A server may have begun with the request before it had read all of it.
          const unsure = ranges.map((range) => ({ ...range, doubt: 'anywhere' as const }));
          this.#halve(unsure, { status: 400, type: 'unreadable_request', reason: verdict.reason });
        }
        break;
      case 'busy':
        pace.refused();
        this.#notTaken(ranges, { kind: 'busy', reason: verdict.reason });
        break;
      case 'not-allowed':
      case 'wrong':
        this.#notTaken(ranges, verdict);
        break;
      case 'unsure':
        pace.refused();
        this.#pause({ kind: 'away', reason: verdict.reason });
        this.#putBack(ranges, true);
        break;
    }
  }

  #judgeItems(
    ranges: readonly Range[],
    verdicts: readonly Verdict[],
    { bytes, latencyMs }: { readonly bytes: number; readonly latencyMs: number },
  ): void {
    const { pace, events } = this.#options;
    let at = 0;
    let [done, wasThere] = [0, 0];
    let isBusy = false;
    const large: Range[] = [];
    const triesMost = Math.max(...ranges.map(({ tries }) => tries));
    const again = new Map<string, { documents: number; verdict: { type: string; reason: string } }>();
    for (const range of ranges) {
      const retries: RetriedDocument[] = [];
      for (let document = range.from; document < range.to; document += 1) {
        const verdict = verdicts[at];
        assert(verdict !== undefined, 'every document has an answer');
        at += 1;
        if (verdict.kind === 'done') {
          done += 1;
          if (verdict.wasThere) {
            wasThere += 1;
            range.piece.wasThere(document);
          } else range.piece.done(document);
        } else if (verdict.kind === 'refused' || (verdict.isStrange === true && range.tries >= strangeTriesMax)) {
          const { status, type, reason } = verdict;
          range.piece.refuse({ document, status, type, reason });
        } else if (neverFits(verdict.reason, { bytes, tries: range.tries })) {
          large.push({ ...range, from: document, to: document + 1 });
        } else {
          retries.push({ document, isUnsure: verdict.kind === 'unsure' });
          isBusy ||= isOfLoad(verdict.type);
          const about = again.getOrInsertComputed(verdict.type, () => ({ documents: 0, verdict }));
          about.documents += 1;
        }
      }
      this.#delay(range, retries);
    }
    this.#makeSmaller(large, { bytes, isAlone: at === 1 });
    if (isBusy) pace.refused();
    else pace.answered(latencyMs);
    events.answered({ documents: done, bytes, wasThere });
    for (const { documents, verdict } of again.values()) {
      events.again(documents, verdict);
      const reason = `${verdict.type}: ${verdict.reason}`;
      if (isOfShards(reason)) this.#block({ kind: 'shards', reason });
      else if (triesMost >= blockedTriesMin) this.#block({ kind: isOfLoad(verdict.type) ? 'busy' : 'blocked', reason });
    }
  }

  /** Documents that together are more than the server has room for; one that is so alone is refused. */
  #makeSmaller(large: readonly Range[], { bytes, isAlone }: { readonly bytes: number; readonly isAlone: boolean }): void {
    if (large.length === 0) return;
    this.#options.pace.tooLarge(bytes);
    const reason = 'it alone is more than the server has room for (indexing_pressure.memory.limit)';
    if (isAlone || large.length > 1) this.#halve(large, { status: 429, type: 'es_rejected_execution_exception', reason });
    else this.#asTheyAre.push(...[this.#kept(large)].filter((kept) => kept.length > 0));
  }

  #block(trouble: Trouble | undefined): void {
    if (this.#blocked === undefined && trouble === undefined) return;
    this.#blocked = trouble;
    if (this.trouble === trouble) this.#options.events.trouble(trouble);
  }

  /** Each with a wait of its own, which others do not wait for. */
  #delay(range: Range, retries: readonly RetriedDocument[]): void {
    const tries = range.tries + 1;
    const delayedBytes = this.#queue.delayedBytes + rangeBytes(range);
    const mostMs = Math.min(againMsMax, Math.max(retryMsMax, (delayedBytes / againBytesPerSecond) * 1000));
    const waitMs = Math.min(mostMs, retryMsMin * 2 ** Math.min(tries, 16));
    const atMs = this.#options.clock.monotonic() + waitMs;
    for (const { from, to, isUnsure } of runsOf(retries)) {
      const next = { piece: range.piece, from, to, doubt: isUnsure ? 'anywhere' : range.doubt, tries } as const;
      if (!this.#gone.has(range.piece)) this.#queue.delay(next, atMs);
    }
  }

  /** Two requests in place of one; a single document that the server cannot take is refused. */
  #halve(ranges: readonly Range[], refusal: { readonly status: number; readonly type: string; readonly reason: string }): void {
    const count = countOf(ranges);
    const [first] = ranges;
    assert(first !== undefined, 'a request has something in it');
    if (count === 1) {
      first.piece.refuse({ document: first.from, ...refusal });
      return;
    }
    const halves: Range[][] = [[], []];
    let left = count >> 1;
    for (const range of ranges) {
      const middle = range.from + Math.min(left, range.to - range.from);
      left -= middle - range.from;
      if (middle > range.from) halves[0]?.push({ ...range, to: middle });
      if (middle < range.to) halves[1]?.push({ ...range, from: middle });
    }
    this.#asTheyAre.push(...halves.map((half) => this.#kept(half)).filter((half) => half.length > 0));
  }

  #notTaken(ranges: readonly Range[], trouble: Trouble): void {
    this.#pause(trouble);
    this.#putBack(ranges, false);
  }

  #putBack(ranges: readonly Range[], isUnsure: boolean): void {
    const open = ranges.flatMap((range) => openRanges(range));
    this.#queue.addFirst(this.#kept(open.map((range) => ({ ...range, doubt: isUnsure ? 'anywhere' : range.doubt }))));
  }

  #kept(ranges: readonly Range[]): Range[] {
    return ranges.filter(({ piece }) => !this.#gone.has(piece));
  }

  #pause(trouble: Trouble): void {
    this.#pausedUntilMs = this.#options.clock.monotonic() + this.#retryMs;
    this.#retryMs = Math.min(retryMsMax, this.#retryMs * 2);
    this.#successes = 0;
    this.#trouble = trouble;
    this.#options.events.trouble(trouble);
  }

  #succeeded(): void {
    this.#successes += 1;
    this.#retryMs = retryMsMin;
    this.#pausedUntilMs = Number.NEGATIVE_INFINITY;
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#options.events.trouble(this.trouble);
  }
}

function troubleOf(error: unknown): Trouble {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof VolatileIndexError) return { kind: 'volatile', reason };
  const isRefusal = error instanceof NotToldError || error instanceof SetupError;
  return { kind: isRefusal ? 'not-allowed' : 'away', reason };
}

interface RetriedDocument {
  readonly document: number;
  readonly isUnsure: boolean;
}

/** Documents that follow each other and are as sure as each other. */
function* runsOf(retries: readonly RetriedDocument[]): Generator<{ from: number; to: number; isUnsure: boolean }> {
  let run: { from: number; to: number; isUnsure: boolean } | undefined;
  for (const { document, isUnsure } of retries) {
    if (run !== undefined && run.to === document && run.isUnsure === isUnsure) run.to += 1;
    else {
      if (run !== undefined) yield run;
      run = { from: document, to: document + 1, isUnsure };
    }
  }
  if (run !== undefined) yield run;
}

function openRanges(range: Range): Range[] {
  return [...range.piece.open(range.from, range.to)].map(({ from, to }) => ({ ...range, from, to }));
}

function countOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0);
}
