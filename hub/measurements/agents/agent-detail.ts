/** One agent with all that is known of it. */
import type { AgentMeasured, MeasuredFile } from '@tributary/protocol/platform/agent-measured.ts';
import type { Id } from '@tributary/protocol/messages.ts';
import type { AgentAnswer } from '../../dashboard/api/agent-shapes.ts';
import type { Queue } from '../../queue/queue.ts';
import { streamsShownMax } from '../limits.ts';
import { type AgentPlace, type AgentRowsParts, rowOf } from './agent-rows.ts';
import type { StreamTimes } from './stream-times.ts';

export interface AgentDetailParts extends AgentRowsParts {
  readonly queue: Pick<Queue, 'streamsOf' | 'gapsOf'>;
  readonly streamTimes: Pick<StreamTimes, 'receivedMs'>;
}

type Streams = AgentAnswer['streams'];

export async function agentDetail(parts: AgentDetailParts, agentId: Id): Promise<AgentAnswer> {
  const { states, siteId } = parts;
  const state = states.get(agentId);
  const places = parts.places();
  const place = places.get(agentId);
  const { measured, measuredMs, files = [] } = state ?? {};
  return {
    ...rowOf(parts, agentId, places),
    causes: [...(parts.health(agentId)?.causes ?? [])],
    ...(place?.address !== undefined && { address: place.address }),
    ...(measuredMs !== undefined && { measuredMs }),
    ...(measured !== undefined && toldParts(measured)),
    inputs: measured === undefined ? [] : inputsOf(measured),
    files: files.map(fileOf),
    filesTotal: measured?.files_total ?? 0,
    streams: await streamsOf(parts, { siteId: state?.siteId ?? siteId, agentId, isElsewhere: isAtAnotherHub(place) }),
  };
}

function toldParts({
  machine,
  process,
  started_ms: startedMs,
  buffer,
  books,
}: AgentMeasured): Pick<AgentAnswer, 'machine' | 'process' | 'buffer' | 'books'> {
  const { os, kernel, arch, cores, memory_bytes: memoryBytes } = machine;
  return {
    machine: { os, kernel, arch, cores, memoryBytes },
    process: { rssBytes: process.rss_bytes, cpuPercent: process.cpu_percent, startedMs },
    buffer: { bytes: buffer.bytes, maxBytes: buffer.max_bytes, unackedBytes: buffer.unacked_bytes, batches: buffer.batches },
    books: { ...books, lost: { ...books.lost } },
  };
}

function inputsOf({ inputs }: AgentMeasured): AgentAnswer['inputs'] {
  return inputs.map(({ name, kind, state, error = '', sources, failed, lag: lagBytes }) => {
    return { name, kind, state, error, sources, failed, lagBytes };
  });
}

function fileOf(file: MeasuredFile): AgentAnswer['files'][number] {
  const { input, path, stream_id: streamId, state, size, position, lag: lagBytes } = file;
  const { lag_seconds: lagSeconds, last_read_ms: lastReadMs } = file;
  return {
    input,
    path,
    streamId,
    state,
    size,
    position,
    lagBytes,
    ...(lagSeconds !== undefined && { lagSeconds }),
    ...(lastReadMs !== undefined && { lastReadMs }),
  };
}

/** When something came last of what is connected to another hub that one knows, and what came here before says nothing. */
function isAtAnotherHub(place: AgentPlace | undefined): boolean {
  return place !== undefined && place.address === undefined;
}

/** As the site has them; the newest of those that go on. */
async function streamsOf(
  { queue, streamTimes }: Pick<AgentDetailParts, 'queue' | 'streamTimes'>,
  { siteId, agentId, isElsewhere }: { readonly siteId: Id; readonly agentId: Id; readonly isElsewhere: boolean },
): Promise<Streams> {
  const streams: Omit<Streams[number], 'lost'>[] = [];
  for await (const { streamId, identity, attributes, held, closed } of queue.streamsOf(siteId, agentId)) {
    if (closed) continue;
    streams.push({ streamId, channel: `${attributes.tenant}/${attributes.type}`, source: identity.path, held });
    if (streams.length > streamsShownMax) streams.shift();
  }
  return await Promise.all(
    streams.map(async (stream) => {
      const key = { siteId, agentId, streamId: stream.streamId };
      const gaps = await queue.gapsOf(key);
      const lastReceivedMs = isElsewhere ? undefined : streamTimes.receivedMs(key);
      const lost = gaps.reduce((sum, { from, to }) => sum + to - from, 0);
      return { ...stream, lost, ...(lastReceivedMs !== undefined && { lastReceivedMs }) };
    }),
  );
}
