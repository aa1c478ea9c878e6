/**
 * Batches of a channel with a pipeline become blocks of documents: one for the channel's own back topic, which tells what became of all
 * positions, and one for each other log type that documents are routed to.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { assert } from '@tributary/shared/assert.ts';
import type { BatchEntry, Processed } from '../batch-entry.ts';
import type { CallTerms, StepProblem } from '../call-terms.ts';
import type { CompiledPipeline } from '../definition/compile.ts';
import { type BatchPart, openBatches } from '../open-batches.ts';
import { PipelineRecord, type RecordBytes, type RecordSource } from '../record/record.ts';
import type { RecordColumns } from '../split-records.ts';
import { type MetricChange, StepError } from '../steps/step.ts';
import type { ProgressWriter } from '../thread-progress.ts';
import { beginsWithMark, decoderOf, isUtf8Name } from './decoder.ts';
import { DocumentBlock, type PlacedRecord } from './document-block.ts';
import { addMetric } from './metric-sums.ts';
import { type DocumentSink, failWhole, newStepCounts, runSteps, type StepsRun } from './run-steps.ts';

export interface ProcessingTerms extends Omit<CallTerms, 'call'> {
  readonly pipeline: CompiledPipeline;
  readonly progress: ProgressWriter;
  /** All that stand in the pipeline. */
  readonly problems: () => readonly StepProblem[];
}

/** Never throws for what a sender could have caused: that batch is rejected with the reason, alone. */
export function processBatches(entries: readonly BatchEntry[], terms: ProcessingTerms): Processed {
  const { parts, records, rejected, free } = openBatches(entries);
  const work = new BatchWork(entries, terms, records.records);
  for (const part of parts) work.add(part, records);
  terms.progress.leave();
  const processed = work.finish(parts.length > 0);
  free();
  return { ...processed, rejected };
}

class BatchWork {
  readonly #entries: readonly BatchEntry[];
  readonly #terms: ProcessingTerms;
  readonly #run: StepsRun;
  readonly #metrics = new Map<string, MetricChange>();
  readonly #own: Target;
  readonly #routed = new Map<string, Target>();
  readonly #sources = new Map<string, RecordSource>();
  /** Each is put where it belongs at once: to gather those of a record, which is nearly always one, takes longer. */
  readonly #documents: DocumentSink = { push: (document) => this.#put(document) };
  readonly #placed: PlacedRecord = { start: 0, end: 0, flags: 0, mayBeRawJson: false };
  #place = { entry: 0, record: -1 };
  #part: BatchPart | undefined;
  #serial = 0;

  constructor(entries: readonly BatchEntry[], terms: ProcessingTerms, records: number) {
    this.#entries = entries;
    this.#terms = terms;
    this.#own = this.#newTarget(records);
    this.#run = {
      counts: newStepCounts(terms.pipeline),
      enter: (step) => this.#enter(step),
      count: (metric) => addMetric(this.#metrics, metric),
    };
  }

  add(batchPart: BatchPart, records: RecordColumns): void {
    const { part, raw, firstRecord } = batchPart;
    const { pipeline, progress } = this.#terms;
    if (this.#place.entry !== part.entry) this.#place = { entry: part.entry, record: -1 };
    const place = this.#place;
    const source = this.#sourceOf(batchPart);
    const { counted, encoding } = source.attributes;
    const isUtf8Text = isUtf8Name(encoding);
    const documents = this.#documents;
    const placed = this.#placed;
    const endRecord = firstRecord + part.records;
    this.#own.block.beginPart(part, raw);
    this.#part = batchPart;
    let chunk: RecordBytes = { source, raw };
    let chunkStart = 0;
    let chunkEnd = 0;
    let offset = 0;
    let position = part.from;
    for (let index = firstRecord; index < endRecord; index += 1) {
      if (offset === chunkEnd) {
        chunkStart = offset;
        chunkEnd = endOfChunk(records.lengths, { index, endRecord, offset });
        const bytes = raw.subarray(chunkStart, chunkEnd);
        chunk = { source, raw: bytes, text: isUtf8Text && isAscii(bytes) ? bytes.toString('latin1') : undefined };
      }
      const end = offset + (records.lengths[index] ?? 0);
      position += records.skipped[index] ?? 0;
      const record = new PipelineRecord(chunk, position, offset - chunkStart, end - chunkStart);
      place.record += 1;
      this.#serial += 1;
      progress.beginRecord(place.entry, place.record);
      placed.start = offset;
      placed.end = end;
      placed.flags = records.flags[index] ?? 0;
      placed.mayBeRawJson = chunk.text !== undefined || (isUtf8Text && isUtf8(record.raw) && !beginsWithMark(record.raw));
      runSteps(pipeline, record, this.#run, documents);
      position += counted ? 1 : end - offset;
      offset = end;
    }
  }

  finish(hasParts: boolean): Omit<Processed, 'rejected'> {
    const { pipeline, problems } = this.#terms;
    const { counts } = this.#run;
    const filled = [...this.#routed].filter(([, { block }]) => block.documents > 0);
    const routed = filled.map(([type, { block }]) => ({ type, block: block.finish([]) }));
    const steps = pipeline.steps.map(({ name }, index) => {
      return { step: name, in: counts.in[index] ?? 0, failed: counts.failed[index] ?? 0, dropped: counts.dropped[index] ?? 0 };
    });
    const report = { pipeline: pipeline.name, steps, problems: problems(), metrics: [...this.#metrics.values()] };
    return { block: hasParts ? this.#own.block.finish(this.#entries) : undefined, routed, report };
  }

  /** One that there is no room for has failed. */
  #put(document: PipelineRecord): void {
    const part = this.#part;
    assert(part !== undefined, 'documents are made of a part');
    try {
      this.#add(document, part);
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      failWhole(this.#terms.pipeline, document, this.#run, error);
      this.#addFailed(document, part);
    }
  }

  /** Where there is not even room for the reason its bytes are kept. */
  #addFailed(document: PipelineRecord, part: BatchPart): void {
    try {
      this.#add(document, part);
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      document.replace({});
      this.#add(document, part);
    }
  }

  #add(document: PipelineRecord, { part, raw }: BatchPart): void {
    const type = document.destination?.type;
    const target =
      type === undefined || type === document.source.type
        ? this.#own
        : this.#routed.getOrInsertComputed(type, () => this.#newTarget(1));
    if (target !== this.#own && target.part !== part) {
      target.part = part;
      target.block.beginPart(part, raw);
    }
    target.block.add(document, this.#placed, target.serial !== this.#serial);
    target.serial = this.#serial;
  }

  #newTarget(records: number): Target {
    return { block: new DocumentBlock(this.#entries[0]?.receivedMs ?? 0, records), serial: 0, part: undefined };
  }

  /** The thread's place is told before the step begins; one that is known to fail here is not begun. */
  #enter(step: number): void {
    const { pipeline, progress, failing, switchedOff } = this.#terms;
    if (failing.length > 0) {
      const { entry, record } = this.#place;
      const known = failing.find((one) => one.step === step && one.record === record && one.entry === entry);
      if (known !== undefined) throw new StepError(known.type, known.reason);
    }
    if (switchedOff.length > 0) {
      const off = switchedOff.find((one) => one.step === step);
      if (off !== undefined) throw new StepError('switched_off', off.reason);
    }
    progress.beginStep(step, pipeline.steps[step]?.step.timeLimitMs ?? 0);
  }

  /** One for each place that a stream has in a block. */
  #sourceOf({ part }: BatchPart): RecordSource {
    const entry = this.#entries[part.entry];
    const segment = entry?.segments[part.segment];
    assert(entry !== undefined && segment !== undefined, 'a part is one of an entry that was given');
    const { receivedMs } = entry;
    const { key, attributes, identity } = segment.stream;
    const name = `${key.siteId}/${key.agentId}/${key.streamId}/${receivedMs}/${attributes.host}`;
    return this.#sources.getOrInsertComputed(name, () => {
      const { channel } = this.#terms;
      const [tenant = '', type = ''] = channel.split('/');
      return { channel, tenant, type, key, attributes, path: identity.path, receivedMs, decode: decoderOf(attributes.encoding) };
    });
  }
}

interface Target {
  readonly block: DocumentBlock;
  /** Of the record whose documents came last. */
  serial: number;
  part: BatchPart['part'] | undefined;
}

/**
 * Records are decoded some at a time: one by one is a call for each, and all at once is a text so large that only a whole collection of
 * garbage takes it away.
 */
const chunkBytes = 32 * 1024;

/** Where the last record ends that is decoded together with this one. */
function endOfChunk(
  lengths: Uint32Array,
  { index, endRecord, offset }: { readonly index: number; readonly endRecord: number; readonly offset: number },
): number {
  let end = offset + (lengths[index] ?? 0);
  for (let next = index + 1; next < endRecord; next += 1) {
    const length = lengths[next] ?? 0;
    if (end + length - offset > chunkBytes) break;
    end += length;
  }
  return end;
}
