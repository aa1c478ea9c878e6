/**
 * The pipelines that a thread has, made of the texts that it was started with. One that cannot be made here (a table went since it was
 * checked) fails its records, tells why, and is tried again: it never ends the thread.
 */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { ConfigError } from '@tributary/shared/options/config-file.ts';
import { type CompileHostParts, compileHost, ToldProblems } from '../compile-host.ts';
import type { StepProblem } from '../call-terms.ts';
import { BesideFiles } from '../definition/beside-files.ts';
import type { CompiledPipeline } from '../definition/compile.ts';
import { CompiledPipelines } from '../definition/compiled-pipelines.ts';
import { type PipelineSet, pipelineNameOf } from '../definition/pipeline-set.ts';
import { watchedFilesLookMs } from '../files/limits.ts';
import { WatchedFiles } from '../files/watched-files.ts';
import { StepError } from '../steps/step.ts';
import type { ScriptLimits } from '../thread-data.ts';

interface BrokenPipeline {
  readonly pipeline: CompiledPipeline;
  readonly problem: StepProblem;
  readonly sinceMs: number;
}

export class ThreadPipelines {
  readonly #set: PipelineSet;
  readonly #pipelines: CompiledPipelines;
  readonly #told = new ToldProblems();
  readonly #files = new WatchedFiles({ monotonic: () => performance.now() });
  readonly #broken = new Map<string, BrokenPipeline>();

  constructor(set: PipelineSet, scripts: ScriptLimits) {
    this.#set = set;
    const { tell } = this.#told;
    const watchFile: CompileHostParts['watchFile'] = (request, place) =>
      this.#files.watch(request, { folder: place.folder, tell: (problem) => tell(place, problem) });
    const beside = new BesideFiles(set.sources);
    const host = compileHost({ beside, watchFile, tell, scripts, outputsNow: set.outputs });
    this.#pipelines = new CompiledPipelines(set, host);
  }

  /** Undefined where the channel's records stay as they are. */
  of(channel: ChannelName): CompiledPipeline | undefined {
    this.#files.look();
    const name = pipelineNameOf(this.#set, channel);
    if (name === undefined) return undefined;
    const broken = this.#broken.get(name);
    if (broken !== undefined && performance.now() - broken.sinceMs < watchedFilesLookMs) return broken.pipeline;
    try {
      const made = this.#pipelines.of(channel);
      this.#broken.delete(name);
      return made;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const pipeline = brokenPipeline(name, error);
      const problem = { step: brokenStep, problem: error.message };
      this.#broken.set(name, { pipeline, problem, sinceMs: performance.now() });
      return pipeline;
    }
  }

  problemsOf(pipeline: string): readonly StepProblem[] {
    const broken = this.#broken.get(pipeline);
    return broken === undefined ? this.#told.of(pipeline) : [broken.problem];
  }
}

const brokenStep = 'pipeline';

/** Every record of it fails with the reason. */
function brokenPipeline(name: string, { message }: ConfigError): CompiledPipeline {
  const step = {
    run: (): never => {
      throw new StepError('pipeline', message);
    },
  };
  const only = { index: 0, name: brokenStep, kind: brokenStep, step, when: undefined, onError: 'route' as const };
  const source = { name, file: name, text: '' };
  return { name, source, steps: [only], keepsState: false, [Symbol.dispose]: () => undefined };
}
