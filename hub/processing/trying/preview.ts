/**
 * What an edit of a pipeline would do to lines: beside what the one that runs does, and step by step. Both are tried in threads of their own, with
 * limits of time and memory; nothing is stored, and no channel is touched.
 */
import type { WorkerEntry } from '@tributary/shared/async/worker-entry.ts';
import { formatDuration } from '@tributary/shared/options/units.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { PreviewAnswer } from '../../dashboard/api/search-shapes.ts';
import type { PipelineSource } from '../definition/pipeline-set.ts';
import type { OpenedPipeline } from './trial-contract.ts';
import { Trial, TrialEnded, type TrialLimits } from './trial.ts';
import type { TriedLine, TriedMeta, TriedStep } from './tried.ts';

export interface PreviewRequest {
  readonly worker: WorkerEntry;
  /** What runs now; undefined: records stay as they are. */
  readonly current: PipelineSource | undefined;
  readonly edited: PipelineSource;
  readonly lines: readonly string[];
  readonly meta: TriedMeta;
  readonly limits: TrialLimits;
  /** For each of both. */
  readonly msMax: number;
}

type Problem = PreviewAnswer['errors'][number];
type PreviewStep = PreviewAnswer['results'][number]['steps'][number];
type Tried =
  | { readonly lines: readonly TriedLine[]; readonly steps: OpenedPipeline['steps'] }
  | { readonly errors: readonly Problem[] };

export async function previewPipeline(request: PreviewRequest): Promise<PreviewAnswer> {
  const { current, edited, lines } = request;
  const after = await tried(edited, request);
  if ('errors' in after) return { errors: [...after.errors], results: [] };
  const before = current === undefined ? undefined : await tried(current, request);
  const results = lines.map((line, index) => {
    const tryOfEdit = after.lines[index];
    return {
      line,
      before: documentsOf(before !== undefined && 'lines' in before ? before.lines[index] : undefined, line),
      after: documentsOf(tryOfEdit, line),
      steps: (tryOfEdit?.steps ?? []).map((step) => stepOf(step, after.steps[step.index]?.line)),
    };
  });
  return { errors: [], results };
}

async function tried(source: PipelineSource, { worker, lines, meta, limits, msMax }: PreviewRequest): Promise<Tried> {
  await using trial = new Trial(worker, limits);
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    void trial[Symbol.asyncDispose]().catch(() => undefined);
  }, msMax);
  try {
    const opened = await trial.open(source, meta);
    if ('problems' in opened) return { errors: opened.problems.split('\n').map((problem) => problemOf(problem, source.file)) };
    const { lines: triedLines } = await trial.try(lines.map((line) => Buffer.from(`${line}\n`)));
    return { lines: triedLines, steps: opened.steps };
  } catch (error) {
    if (isLate) return { errors: [{ message: `it took longer than ${formatDuration(msMax)}: does a script of it end?` }] };
    if (error instanceof TrialEnded) return { errors: [{ message: `it ${printable(error.message)}` }] };
    throw error;
  } finally {
    clearTimeout(late);
  }
}

/** A ConfigError's `file:line:column: path: what is wrong`. */
function problemOf(text: string, file: string): Problem {
  const bare = text.startsWith(`${file}:`) ? text.slice(file.length + 1) : text;
  const [, line, column, message] = /^(\d+):(\d+): *(.*)$/s.exec(bare) ?? [];
  if (line === undefined || column === undefined) return { message: printable(bare.trim()) };
  return { message: printable(message ?? ''), line: Number(line), column: Number(column) };
}

/** Where no pipeline runs, or it cannot be tried, the record stays as it is. */
function documentsOf(line: TriedLine | undefined, text: string): Record<string, unknown>[] {
  return line === undefined ? [{ message: text }] : line.documents.map(({ fields }) => ({ ...fields }));
}

function stepOf({ name, changes, error, outcome }: TriedStep, line: number | undefined): PreviewStep {
  const changed = changes.map(({ field }) => field);
  return { name, ...(line !== undefined && { line }), changed, error: error?.message ?? '', dropped: outcome === 'dropped' };
}
