/** The pipelines of a set, made when the first record of a channel wants them. */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { type CompiledPipeline, type CompileHost, compilePipeline } from './compile.ts';
import { presetSource } from '../presets/presets.ts';
import { type PipelineSet, pipelineNameOf, type PipelineSource } from './pipeline-set.ts';

export class CompiledPipelines implements Disposable {
  readonly #set: PipelineSet;
  readonly #host: CompileHost;
  readonly #compiled = new Map<string, CompiledPipeline>();
  readonly #names = new Map<ChannelName, string | undefined>();

  constructor(set: PipelineSet, host: CompileHost) {
    this.#set = set;
    this.#host = host;
  }

  /** Undefined where the channel's records stay as they are. Throws a ConfigError: of a set that was checked only where files went since. */
  of(channel: ChannelName): CompiledPipeline | undefined {
    const name = this.#names.getOrInsertComputed(channel, () => pipelineNameOf(this.#set, channel));
    return name === undefined ? undefined : this.named(name);
  }

  /** Throws a ConfigError; undefined where there is none of that name. */
  named(name: string): CompiledPipeline | undefined {
    const present = this.#compiled.get(name);
    if (present !== undefined) return present;
    const source = sourceOf(this.#set, name);
    if (source === undefined) return undefined;
    const made = compilePipeline(source, this.#host);
    this.#compiled.set(name, made);
    return made;
  }

  [Symbol.dispose](): void {
    for (const pipeline of this.#compiled.values()) pipeline[Symbol.dispose]();
    this.#compiled.clear();
  }
}

/** A file's, or a preset's where there is no file of that name. */
export function sourceOf(set: PipelineSet, name: string): PipelineSource | undefined {
  return set.sources.find((source) => source.name === name) ?? presetSource(name);
}
