/** The pipelines of a hub from one reload to the next. It never changes: a reload makes another one, with threads of its own. */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { type ChannelRedaction, mayRedactRaw, type RawRedaction } from '../redaction/redactions.ts';
import { emptyPipelineSet, type PipelineSet, pipelineNameOf } from './definition/pipeline-set.ts';

/** What is known of a pipeline that was made once. */
export interface PipelineFacts {
  readonly name: string;
  /** Names of its steps, in their order. */
  readonly steps: readonly string[];
  /** One thread at a time works on it, and always the same one. */
  readonly keepsState: boolean;
  /** What a script does is not known before. */
  readonly runsScripts: boolean;
  /** What it covers in records before they are stored. */
  readonly redaction: RawRedaction | undefined;
}

export interface GenerationParts {
  readonly number: number;
  readonly set: PipelineSet;
  readonly facts: readonly PipelineFacts[];
  /** Pipelines that some channel is to have, and of which there is no version that is good. */
  readonly refused: readonly string[];
}

export class Generation {
  readonly number: number;
  readonly set: PipelineSet;
  readonly #facts: ReadonlyMap<string, PipelineFacts>;
  readonly #refused: ReadonlySet<string>;
  readonly #names = new Map<ChannelName, string | undefined>();

  constructor({ number, set, facts, refused }: GenerationParts) {
    this.number = number;
    this.set = set;
    this.#facts = new Map(facts.map((one) => [one.name, one]));
    this.#refused = new Set(refused);
  }

  /** Undefined where the channel's records stay as they are. */
  pipelineOf(channel: ChannelName): string | undefined {
    return this.#names.getOrInsertComputed(channel, () => pipelineNameOf(this.set, channel));
  }

  /** Its records wait until its pipeline is good: nobody knows what they may become without it. */
  isHeld(channel: ChannelName): boolean {
    const pipeline = this.pipelineOf(channel);
    return pipeline !== undefined && this.#refused.has(pipeline);
  }

  /** What is covered before records are stored. */
  redactionOf(channel: ChannelName): ChannelRedaction {
    const pipeline = this.pipelineOf(channel);
    if (pipeline === undefined) return undefined;
    if (!this.#refused.has(pipeline)) return this.#facts.get(pipeline)?.redaction;
    const source = this.set.sources.find(({ name }) => name === pipeline);
    // Of one that could not be read nothing is known.
    return source === undefined || source.text === '' || mayRedactRaw(source.text) ? 'unknown' : undefined;
  }

  get runsScripts(): boolean {
    return [...this.#facts.values()].some((one) => one.runsScripts);
  }

  factsOf(pipeline: string): PipelineFacts | undefined {
    return this.#facts.get(pipeline);
  }
}

/** Without any pipeline. */
export const emptyGeneration = new Generation({ number: 0, set: emptyPipelineSet, facts: [], refused: [] });
