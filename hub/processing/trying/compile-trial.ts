/** A pipeline made to be tried, beside a hub or without one. */
import { BesideFiles } from '../definition/beside-files.ts';
import { type CompiledPipeline, compilePipeline } from '../definition/compile.ts';
import type { PipelineSource } from '../definition/pipeline-set.ts';
import { type CompileHostParts, compileHost } from '../compile-host.ts';
import { WatchedFiles } from '../files/watched-files.ts';
import { type ScriptLimits, scriptLimitsDefault } from '../thread-data.ts';
import { PipelineTrial } from './pipeline-trial.ts';
import type { TriedLine, TriedMeta } from './tried.ts';

/** Throws a ConfigError. Its tables are those of now; `tell` is told what its steps have to tell. */
export function compileTrial(source: PipelineSource, scripts: ScriptLimits, tell: (problem: string) => void): CompiledPipeline {
  const files = new WatchedFiles({ monotonic: () => performance.now() });
  const watchFile: CompileHostParts['watchFile'] = (request, { folder, step }) =>
    files.watch(request, { folder, tell: (problem) => void (problem !== undefined && tell(`${step}: ${problem}`)) });
  return compilePipeline(
    source,
    compileHost({
      beside: new BesideFiles([source]),
      watchFile,
      tell: ({ step }, problem) => void (problem !== undefined && tell(`${step}: ${problem}`)),
      scripts,
    }),
  );
}

/** Throws a ConfigError. A script in it may never end: where that matters it is called in a thread (trial-thread.ts). */
export function tryPipeline(source: PipelineSource, lines: readonly (Uint8Array | string)[], meta: TriedMeta): TriedLine[] {
  using pipeline = compileTrial(source, scriptLimitsDefault, () => undefined);
  const trial = new PipelineTrial({ pipeline, meta });
  return lines.map((line) => trial.try(typeof line === 'string' ? Buffer.from(line) : line));
}
