/** What agents tell of themselves, checked once when it comes in: whoever has an agent's key can tell anything. */
import type { AgentMeasured } from '@tributary/protocol/platform/agent-measured.ts';
import * as z from 'zod';

const text = z.string().max(1000);
const name = z.string().max(200);
const sum = z.number().min(0);

const file = z.object({
  input: name,
  path: text,
  stream_id: name,
  state: name,
  size: sum,
  position: sum,
  lag: sum,
  lag_seconds: z.exactOptional(sum),
  last_read_ms: z.exactOptional(sum),
});

const input = z.object({
  name,
  kind: name,
  type: name,
  state: z.enum(['running', 'failed']),
  error: z.exactOptional(text),
  sources: sum,
  failed: sum,
  lag: sum,
});

const measured = z.object({
  state: z.enum(['running', 'waiting-for-site', 'stopping']),
  started_ms: sum,
  period_ms: sum,
  process: z.object({ rss_bytes: sum, cpu_percent: sum }),
  machine: z.object({ os: name, kernel: name, arch: name, cores: z.int().min(0), memory_bytes: sum }),
  uplink: z.object({ state: name, hub: text }),
  certificate_ends_ms: z.exactOptional(sum),
  lag: sum,
  rates: z.object({ records: sum, bytes: sum, sent_bytes: sum }),
  buffer: z.object({ state: name, bytes: sum, max_bytes: sum, unacked_bytes: sum, batches: z.int().min(0) }),
  books: z.object({
    read: sum,
    acked: sum,
    buffered: sum,
    filtered: sum,
    lost: z.record(name, sum).refine((causes) => Object.keys(causes).length <= 50),
    unaccounted: z.number(),
  }),
  inputs: z.array(input).max(100),
  inputs_total: z.int().min(0),
  files_total: z.int().min(0),
  files: z.exactOptional(z.array(file).max(100)),
});

/** Undefined: it is not what an agent tells. */
export function measuredOf(value: unknown): AgentMeasured | undefined {
  const result = measured.safeParse(value);
  return result.success ? result.data : undefined;
}
