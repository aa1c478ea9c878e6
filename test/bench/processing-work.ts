import { zstdCompressSync } from 'node:zlib';
import { ThreadCalls } from '@tributary/shared/async/thread-call.ts';
import { wholeBuffer } from '@tributary/shared/async/whole-buffer.ts';
import { startWorker } from '@tributary/shared/async/worker-entry.ts';
import type { BatchEntry } from '@tributary/hub/processing/batch-entry.ts';
import { argumentOf, type PipelineContract } from '@tributary/hub/processing/pipeline-contract.ts';
import { scriptLimitsDefault, type ThreadData } from '@tributary/hub/processing/thread-data.ts';
import { progressBuffer } from '@tributary/hub/processing/thread-progress.ts';
import { pipelineWorker } from '@tributary/hub/workers.ts';

export interface ProcessingWork extends AsyncDisposable {
  /** Has this share of the batches processed once, and resolves with the CPU seconds that this process took for it. */
  run(share: Share): Promise<number>;
}

/** One of some parts of equal size, counted from 0. */
export interface Share {
  readonly part: number;
  readonly parts: number;
}

/** Where a share begins and ends among so many. */
export function bounds({ part, parts }: Share, all: number): readonly [from: number, to: number] {
  return [Math.floor((part * all) / parts), Math.floor(((part + 1) * all) / parts)];
}

/** Of all threads of this process, also those that collect garbage. */
export function processCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** As many lines as an agent puts into a batch, about. */
const batchLines = 5000;
const channel = 'bench/lines';

export function processingWork(work: {
  readonly pipeline: string;
  readonly lines: readonly string[];
  readonly threads: number;
}): ProcessingWork {
  const batches = batchesOf(work.lines);
  const threads = Array.from({ length: work.threads }, () => startThread(work.pipeline));
  let calls = 0;
  /** Each takes the next one that is left. */
  const processAll = async (thread: ThreadCalls<PipelineContract>, left: BatchEntry[]): Promise<void> => {
    for (let batch = left.pop(); batch !== undefined; batch = left.pop()) {
      calls += 1;
      // The body moves to the thread: each time another copy.
      const argument = argumentOf([{ ...batch, body: batch.body.slice() }], {
        channel,
        call: calls,
        failing: [],
        switchedOff: [],
      });
      const { report, rejected } = await thread.call('process', argument, wholeBuffer(argument.bodies));
      const failed = report?.steps.find((step) => step.failed > 0);
      if (failed !== undefined || rejected.length > 0 || report === undefined)
        throw new Error(
          `a batch was not processed: ${report?.problems[0]?.problem ?? failed?.step ?? rejected[0]?.reason ?? 'no pipeline'}`,
        );
    }
  };
  return {
    run: async (share) => {
      const left = batches.slice(...bounds(share, batches.length));
      const before = processCpuSeconds();
      await Promise.all(threads.map((thread) => processAll(thread, left)));
      return processCpuSeconds() - before;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(threads.map((thread) => thread[Symbol.asyncDispose]()));
    },
  };
}

function startThread(text: string): ThreadCalls<PipelineContract> {
  const set = { sources: [{ name: 'bench', file: 'bench.yaml', text }], rules: [{ pipeline: 'bench' }] };
  const workerData: ThreadData = { set, progress: progressBuffer(), scripts: scriptLimitsDefault };
  return new ThreadCalls<PipelineContract>(startWorker(pipelineWorker, { workerData }));
}

function batchesOf(lines: readonly string[]): BatchEntry[] {
  const key = { siteId: '01'.repeat(16), agentId: '02'.repeat(16), streamId: '03'.repeat(16) };
  const attributes = { tenant: 'bench', type: 'lines', host: 'web-1', encoding: 'utf-8', counted: false, labels: {} };
  const identity = { path: '/x', device: '1', inode: '2', fingerprint: '', fingerprintLength: 0, token: '', base: 0 };
  const stream = { key, attributes, identity, start: 0 };
  const batches: BatchEntry[] = [];
  let from = 0;
  for (let first = 0; first < lines.length; first += batchLines) {
    const some = lines.slice(first, first + batchLines);
    const bytes = Buffer.from(`${some.join('\n')}\n`);
    const to = from + bytes.length;
    const figures = { records: some.length, bytes: bytes.length, cuts: [], lengths: [], drops: [] };
    const segment = { stream, from, to, fromMark: '', toMark: '', ...figures };
    const body = new Uint8Array(zstdCompressSync(bytes));
    batches.push({ records: some.length, inflatedBytes: bytes.length, segments: [segment], trims: [], receivedMs: 1, body });
    from = to;
  }
  return batches;
}
