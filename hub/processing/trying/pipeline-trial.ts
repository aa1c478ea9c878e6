/** Lines through a pipeline, with what each step does to them. The engine itself runs the steps: what is seen is what the hub does. */
import { isDeepStrictEqual } from 'node:util';
import { decoderOf as rawDecoderOf, RawRedactor } from '../../redaction/redaction-rule.ts';
import type { CompiledPipeline, CompiledStep } from '../definition/compile.ts';
import { decoderOf } from '../engine/decoder.ts';
import { newStepCounts, runSteps } from '../engine/run-steps.ts';
import type { Fields } from '../record/fields.ts';
import { type Destination, PipelineRecord, type RecordSource } from '../record/record.ts';
import { copyOfFields } from '../steps/copy-value.ts';
import { type MetricChange, StepError, type StepResult, type StepRun } from '../steps/step.ts';
import { fieldChanges } from './field-changes.ts';
import type { KnownFailure, TriedDocument, TriedLine, TriedMeta, TriedStep } from './tried.ts';

export interface TrialParts {
  readonly pipeline: CompiledPipeline;
  readonly meta: TriedMeta;
  /** Called before a step works on a line, with how long it may take; 0: nothing of its own is known. */
  readonly enter?: (step: number, limitMs: number) => void;
}

const utf8 = '';

export class PipelineTrial {
  readonly #parts: TrialParts;
  readonly #source: RecordSource;
  readonly #redactors: readonly RawRedactor[];
  readonly #observed: CompiledPipeline;
  #steps: TriedStep[] = [];
  #failing: readonly KnownFailure[] = [];
  /** As if all lines were of one file. */
  #position = 0;

  constructor(parts: TrialParts) {
    const { pipeline, meta } = parts;
    this.#parts = parts;
    this.#source = recordSource(meta);
    this.#redactors = pipeline.steps.flatMap(({ step }) =>
      step.redactRaw === undefined ? [] : [new RawRedactor(step.redactRaw)],
    );
    this.#observed = { ...pipeline, steps: pipeline.steps.map((step) => this.#observe(step)) };
  }

  /** With or without the line's end. `failing`: what ended a thread with this very line. */
  try(line: Uint8Array, failing: readonly KnownFailure[] = []): TriedLine {
    this.#failing = failing;
    this.#steps = [];
    const raw = Buffer.from(line);
    const covered = this.#redactors.reduce((sum, redactor) => sum + redactor.redact(raw, rawDecoderOf(utf8)), 0);
    const record = new PipelineRecord({ source: this.#source, raw }, this.#position);
    this.#position += raw.length;
    const documents: PipelineRecord[] = [];
    runSteps(
      this.#observed,
      record,
      { counts: newStepCounts(this.#observed), enter: () => undefined, count: () => undefined },
      documents,
    );
    return { text: record.rawText, isRedacted: covered > 0, steps: this.#steps, documents: documents.map(documentOf) };
  }

  #observe(compiled: CompiledStep): CompiledStep {
    const { step, when } = compiled;
    return {
      ...compiled,
      when: when && {
        text: when.text,
        holds: (record) => {
          const seen = seenNow(record);
          const holds = this.#orFailed(compiled, seen, () => when.holds(record));
          if (!holds) this.#add(compiled, seen, { outcome: 'passed over', after: seen.before });
          return holds;
        },
      },
      step: { ...step, run: (record, run) => this.#run(compiled, record, run) },
    };
  }

  #run(compiled: CompiledStep, record: PipelineRecord, run: StepRun): StepResult {
    const seen = seenNow(record);
    const metrics: MetricChange[] = [];
    const count: StepRun['count'] = (metric) => {
      metrics.push(metric);
      run.count(metric);
    };
    const result = this.#orFailed(compiled, seen, () => {
      this.#enter(compiled);
      return compiled.step.run(record, { ...run, count });
    });
    const counted = metrics.length > 0 && { metrics };
    if (result === 'drop' || result?.length === 0)
      this.#add(compiled, seen, { outcome: 'dropped', after: undefined, ...counted });
    else if (result !== undefined && !(result.length === 1 && result[0] === record))
      this.#add(compiled, seen, { outcome: 'split', after: undefined, documents: result.length, ...counted });
    else this.#add(compiled, seen, { outcome: 'done', after: snapshot(record), ...counted });
    return result;
  }

  #enter({ index, step }: CompiledStep): void {
    const known = this.#failing.find((one) => one.step === index);
    if (known !== undefined) throw new StepError(known.type, known.reason);
    this.#parts.enter?.(index, step.timeLimitMs ?? 0);
  }

  #orFailed<Result>(compiled: CompiledStep, seen: Seen, run: () => Result): Result {
    try {
      return run();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const type = error instanceof StepError ? error.type : 'internal';
      const { onError } = compiled;
      const after = onError === 'drop' ? undefined : seen.before;
      this.#add(compiled, seen, { outcome: 'failed', after, error: { type, message, onError } });
      throw error;
    }
  }

  #add(
    { index, name, kind }: CompiledStep,
    { record, before, destination }: Seen,
    what: Pick<TriedStep, 'outcome' | 'after' | 'error' | 'documents' | 'metrics'>,
  ): void {
    const changes = what.outcome === 'done' ? fieldChanges(before, what.after ?? {}) : [];
    const goesElsewhere = what.outcome === 'done' && !isDeepStrictEqual(record.destination, destination);
    const to = goesElsewhere && { destination: record.destination ?? {} };
    this.#steps.push({ index, name, kind, ordinal: record.ordinal, before, changes, ...what, ...to });
  }
}

interface Seen {
  readonly record: PipelineRecord;
  readonly before: Fields;
  readonly destination: Destination | undefined;
}

function seenNow(record: PipelineRecord): Seen {
  return { record, before: snapshot(record), destination: record.destination };
}

export function recordSource({ tenant, type, host, path, labels, receivedMs }: TriedMeta): RecordSource {
  return {
    channel: `${tenant}/${type}`,
    tenant,
    type,
    key: { siteId: '0'.repeat(32), agentId: '0'.repeat(32), streamId: '0'.repeat(32) },
    attributes: { tenant, type, labels, encoding: utf8, host, counted: false },
    path,
    receivedMs,
    decode: decoderOf(utf8),
  };
}

function documentOf(record: PipelineRecord): TriedDocument {
  const { ordinal, destination } = record;
  return { ordinal, fields: snapshot(record), ...(destination !== undefined && { destination }) };
}

/** As a reader of documents sees it. */
function snapshot({ fields, eventMs }: PipelineRecord): Fields {
  return { ...(eventMs !== undefined && { '@timestamp': isoTime(eventMs) }), ...copied(fields) };
}

function copied(fields: Fields): Fields {
  try {
    return copyOfFields(fields);
  } catch (error) {
    return { '(not shown)': error instanceof Error ? error.message : String(error) };
  }
}

function isoTime(ms: number): string {
  return Number.isNaN(new Date(ms).getTime()) ? String(ms) : new Date(ms).toISOString();
}
