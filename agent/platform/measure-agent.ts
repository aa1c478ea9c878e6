/** How the agent is, for the event that tells it: bounded, whatever it reads. */
import { arch, cpus, platform, release, totalmem, type } from 'node:os';
import type { AgentMeasured, MeasuredFile, MeasuredInput } from '@tributary/protocol/platform/agent-measured.ts';
import type { AgentStatus, SourceOfInput } from '../status/agent-status.ts';
import { type BookedAgent, agentBooks } from './agent-books.ts';
import type { FileProgress } from './file-progress.ts';
import { measuredFilesMax, measuredInputsMax, measuredTextMax } from './limits.ts';

export interface MeasuredAgent {
  readonly status: Pick<
    AgentStatus,
    'state' | 'startedMs' | 'uplink' | 'tls' | 'buffer' | 'inputs' | 'sources' | 'sourcesTotal' | 'rates' | 'memory'
  >;
  readonly booked: BookedAgent;
  readonly cpuPercent: number;
  readonly progress: Pick<FileProgress, 'lastReadMs' | 'behindMs'>;
  readonly nowMs: number;
  readonly periodMs: number;
  /** Files one by one, too. */
  readonly withFiles: boolean;
}

export function measureAgent(measured: MeasuredAgent): AgentMeasured {
  const { status, booked, cpuPercent, periodMs, withFiles } = measured;
  const { buffer, inputs, uplink, rates, tls } = status;
  const endsMs = tls.certificate?.notAfterMs;
  return {
    state: status.state,
    started_ms: status.startedMs,
    period_ms: periodMs,
    process: { rss_bytes: status.memory.rssBytes, cpu_percent: rounded(cpuPercent) },
    machine: machine(),
    uplink: { state: uplink.state, hub: cut(uplink.hub) },
    ...(endsMs === undefined ? {} : { certificate_ends_ms: endsMs }),
    lag: inputs.reduce((sum, { lag }) => sum + lag, 0),
    rates: { records: rates.recordsRead, bytes: rates.bytesRead, sent_bytes: rates.bytesSent },
    buffer: {
      state: buffer.state,
      bytes: buffer.retainedBytes,
      max_bytes: buffer.maxBytes,
      unacked_bytes: buffer.unackedBytes,
      batches: buffer.batches,
    },
    books: agentBooks(booked),
    inputs: inputs.slice(0, measuredInputsMax).map(measuredInput),
    inputs_total: inputs.length,
    files_total: status.sourcesTotal,
    ...(withFiles && { files: status.sources.slice(0, measuredFilesMax).map((source) => measuredFile(source, measured)) }),
  };
}

function measuredInput({
  name,
  kind,
  type: logType,
  trouble,
  sources,
  failed,
  lag,
}: AgentStatus['inputs'][number]): MeasuredInput {
  const state = trouble === '' ? { state: 'running' as const } : { state: 'failed' as const, error: cut(trouble) };
  return { name, kind, type: logType, ...state, sources, failed, lag };
}

function measuredFile(source: SourceOfInput, { progress, nowMs }: MeasuredAgent): MeasuredFile {
  const { input, path, streamId, state, size, position, lag } = source;
  const behindMs = progress.behindMs(streamId, nowMs);
  const lastReadMs = progress.lastReadMs(streamId);
  return {
    input,
    path: cut(path),
    stream_id: streamId,
    state,
    size,
    position,
    lag,
    ...(behindMs === undefined ? {} : { lag_seconds: Math.round(behindMs / 1000) }),
    ...(lastReadMs === undefined ? {} : { last_read_ms: lastReadMs }),
  };
}

/** It does not change while the process runs. */
let known: AgentMeasured['machine'] | undefined;

function machine(): AgentMeasured['machine'] {
  known ??= {
    os: platform() === 'linux' ? 'Linux' : type(),
    kernel: release(),
    arch: arch(),
    cores: cpus().length,
    memory_bytes: totalmem(),
  };
  return known;
}

function cut(text: string): string {
  return text.slice(0, measuredTextMax);
}

function rounded(percent: number): number {
  return Math.round(percent * 100) / 100;
}
