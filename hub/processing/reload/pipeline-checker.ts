/** Has pipelines made in a thread of its own, one after the other. One that never ends, or that kills the thread, is as bad as any. */
import { dirname, resolve } from 'node:path';
import type { WorkerEntry } from '@tributary/shared/async/worker-entry.ts';
import { formatDuration } from '@tributary/shared/options/units.ts';
import { printable } from '@tributary/shared/printable.ts';
import { LazyThread } from '../../groups/lazy-thread.ts';
import { checkMsMax, heapHeadroomBytes, problemCharactersMax } from '../limits.ts';
import type { PipelineSource } from '../definition/pipeline-set.ts';
import type { CheckContract, CheckRequest } from './check-contract.ts';
import type { PipelineCheck } from './check-pipeline.ts';

/** Never rejects. Without `outputs` nobody knows which there are. */
export type CheckPipelines = (
  wanted: readonly PipelineSource[],
  outputs?: readonly string[],
) => Promise<readonly PipelineCheck[]>;

/** What takes longer is not made a second time as long as it is the same and bad. */
const slowMs = 1000;

export function pipelineChecker(entry: WorkerEntry, msMax = checkMsMax): CheckPipelines {
  return async (wanted, outputs) => {
    if (wanted.length === 0) return [];
    const resourceLimits = { maxOldGenerationSizeMb: Math.ceil(heapHeadroomBytes / (1024 * 1024)) };
    const thread = new LazyThread<CheckContract>(entry, { resourceLimits });
    const checks: PipelineCheck[] = [];
    for (const source of wanted) checks.push(await checkIn(thread, { source, outputs }, msMax));
    await thread.terminate();
    return checks;
  };
}

async function checkIn(thread: LazyThread<CheckContract>, request: CheckRequest, msMax: number): Promise<PipelineCheck> {
  const { source } = request;
  const startMs = performance.now();
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    void thread.terminate().catch(() => undefined);
  }, msMax);
  try {
    const check = await thread.call('check', request);
    return { ...check, isSlow: performance.now() - startMs > slowMs };
  } catch (error) {
    const message = printable(error instanceof Error ? error.message : String(error)).slice(0, problemCharactersMax);
    const why = isLate ? `took longer than ${formatDuration(msMax)}: does a script of it end?` : `ended its thread: ${message}`;
    return {
      facts: undefined,
      problems: [`${source.file}: making it ${why}`],
      files: {},
      missing: filesNamedIn(source),
      isSlow: true,
    };
  } finally {
    clearTimeout(late);
  }
}

/** What the thread had read went with it: these are looked at for changes, so that a script that was mended is noticed. */
export function filesNamedIn({ file, text }: PipelineSource): readonly string[] {
  const named = text.matchAll(/\bfile["']?\s*:\s*(?:"([^"\n]+)"|'([^'\n]+)'|([^\s'",}#][^\n,}#]*))/g);
  return [...named].map(([, ...found]) => resolve(dirname(file), (found.find((one) => one !== undefined) ?? '').trim()));
}
