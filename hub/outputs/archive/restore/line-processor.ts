/**
 * Archived lines through a pipeline, in threads as the hub's own: a step that holds up or ends its thread has failed for that record, and a
 * line with which nothing can be done is told, and left out.
 */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { FailingRecord } from '../../../processing/call-terms.ts';
import type { PipelineSource } from '../../../processing/definition/pipeline-set.ts';
import { Generation, type PipelineFacts } from '../../../processing/generation.ts';
import { failingMax } from '../../../processing/limits.ts';
import { PipelinePool, WorkEnded } from '../../../processing/pipeline-pool.ts';
import type { ThreadLimits } from '../../../processing/pool-thread.ts';
import { pipelineWorker } from '../../../workers.ts';
import type { ArchivedLine } from './archived-lines.ts';
import { entriesOfLines } from './line-entries.ts';

/** A pipeline that can be made, with the files beside it. */
export interface RestorePipeline {
  readonly source: PipelineSource;
  readonly facts: PipelineFacts;
}

export interface MadeBlock {
  /** The log type that its documents go to. */
  readonly type: string;
  readonly body: Uint8Array;
  readonly inflatedBytes: number;
  readonly records: number;
}

export interface ProcessedLines {
  /** Blocks with documents; of a type there may be several. */
  readonly blocks: readonly MadeBlock[];
  /** A sentence for each line that was left out. */
  readonly problems: readonly string[];
}

export interface LineProcessorParts {
  readonly pipeline: RestorePipeline;
  /** What the lines are of for the pipeline: its documents stay there unless it routes them. */
  readonly channel: ChannelName;
  /** Where the lines were archived. */
  readonly from: ChannelName;
  readonly threads: number;
  readonly limits: Partial<ThreadLimits>;
}

const nothing: ProcessedLines = { blocks: [], problems: [] };

export class LineProcessor implements AsyncDisposable {
  readonly #parts: LineProcessorParts;
  readonly #pool: PipelinePool;

  constructor(parts: LineProcessorParts) {
    const { pipeline, channel, threads, limits } = parts;
    const { source, facts } = pipeline;
    const [tenant = '', type = ''] = channel.split('/');
    this.#parts = parts;
    // One channel has all of a pool's threads but one, which is not started then.
    this.#pool = new PipelinePool(pipelineWorker, { size: threads + 1, limits });
    const rules = [{ tenant, type, pipeline: source.name }];
    this.#pool.change(new Generation({ number: 1, set: { sources: [source], rules }, facts: [facts], refused: [] }));
  }

  process(lines: readonly ArchivedLine[]): Promise<ProcessedLines> {
    return this.#process(lines, []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
  }

  async #process(lines: readonly ArchivedLine[], failing: readonly FailingRecord[]): Promise<ProcessedLines> {
    if (lines.length === 0) return nothing;
    const { channel, from } = this.#parts;
    const [, type = ''] = channel.split('/');
    try {
      const { block, routed = [], rejected } = await this.#pool.process(entriesOfLines(lines, from), { channel, failing });
      const own = block === undefined ? [] : [{ type, block }];
      const made = [...own, ...routed].filter((one) => one.block.records > 0);
      const blocks = made.map((one) => ({ ...one.block, type: one.type }));
      return { blocks, problems: rejected.map(({ reason }) => reason) };
    } catch (error) {
      if (!(error instanceof WorkEnded)) throw error;
      if (error.kind === 'lost') return this.#process(lines, failing);
      if (error.failing !== undefined && failing.length < failingMax) return this.#process(lines, [...failing, error.failing]);
      return this.#halves(lines, error);
    }
  }

  /** Nobody knows at which of them the thread was. */
  async #halves(lines: readonly ArchivedLine[], error: WorkEnded): Promise<ProcessedLines> {
    const [line] = lines;
    if (lines.length <= 1)
      return { blocks: [], problems: line === undefined ? [] : [`line at ${placeOf(line)}: ${error.message}`] };
    const middle = lines.length >> 1;
    const first = await this.#process(lines.slice(0, middle), []);
    const second = await this.#process(lines.slice(middle), []);
    return { blocks: [...first.blocks, ...second.blocks], problems: [...first.problems, ...second.problems] };
  }
}

function placeOf({ source, position }: ArchivedLine): string {
  return `position ${position} of stream ${source.stream} (${source.host})`;
}
