/** What agents tell of themselves, checked once when it comes in: whoever has an agent's key can tell anything. */
import type { AgentMeasured } from '@tributary/protocol/platform/agent-measured.ts';
import * as z from 'zod';

/** How long texts and lists are at most, and how many causes of losses are told. */
const [textMax, listMax, causesMax] = [1000, 100, 50];

const text = z.string();
const sum = z.number();

const file = z.object({
  input: text,
  path: text,
  stream_id: text,
  state: text,
  size: sum,
  position: sum,
  lag: sum,
  lag_seconds: z.exactOptional(sum),
  last_read_ms: z.exactOptional(sum),
});

const input = z.object({
  name: text,
  kind: text,
  type: text,
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
  machine: z.object({ os: text, kernel: text, arch: text, cores: sum, memory_bytes: sum }),
  uplink: z.object({ state: text, hub: text }),
  certificate_ends_ms: z.exactOptional(sum),
  lag: sum,
  rates: z.object({ records: sum, bytes: sum, sent_bytes: sum }),
  buffer: z.object({ state: text, bytes: sum, max_bytes: sum, unacked_bytes: sum, batches: sum }),
  books: z.object({
    read: sum,
    acked: sum,
    buffered: sum,
    filtered: sum,
    lost: z.record(text, sum),
    unaccounted: sum,
  }),
  inputs: z.array(input),
  inputs_total: sum,
  files_total: sum,
  files: z.exactOptional(z.array(file)),
});

/** Undefined: it is not what an agent tells. */
export function measuredOf(value: unknown): AgentMeasured | undefined {
  const { data } = measured.safeParse(value);
  return data !== undefined && isBounded(data) ? data : undefined;
}

/** All at once: a check at each of thirty fields takes most of the time, and each of thousands of agents tells every ten seconds. */
function isBounded({ books, ...others }: AgentMeasured): boolean {
  const { unaccounted: _, ...sums } = books;
  const causes = Object.keys(books.lost);
  return causes.length <= causesMax && isWithin(causes) && isWithin(sums) && isWithin(others);
}

function isWithin(value: unknown): boolean {
  if (typeof value === 'number') return value >= 0;
  if (typeof value === 'string') return value.length <= textMax;
  if (Array.isArray(value)) return value.length <= listMax && value.every(isWithin);
  return typeof value !== 'object' || value === null || Object.values(value).every(isWithin);
}
