/**
 * How the dispatchers of platform events are, told straight to the Elasticsearch that they write to and not by the topic that they read: a dispatcher that
 * stands still would tell it to itself. A document a minute: what it did, and what waits for it. `status` and the findings have the same while
 * Elasticsearch is away.
 */
import { documentOf, isPlatformChannel, type Teller } from '@tributary/protocol/platform/document.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { pause } from '../groups/retry.ts';
import type { OutputStatus } from '../outputs/output.ts';
import { channelOf, type Queue, type QueueStatus } from '../queue/queue.ts';
import type { PlatformWriter } from './dispatch/platform-writer.ts';
import { directMs, dispatcherTellMs } from './limits.ts';

export interface ToldDispatcher {
  readonly writer: PlatformWriter;
  readonly status: OutputStatus;
}

export interface DispatcherHealthParts {
  readonly dispatchers: () => readonly ToldDispatcher[];
  readonly queue: Pick<Queue, 'status'>;
  readonly teller: Teller & { readonly site: string };
  readonly tenant: string;
  readonly clock: Clock;
}

/** Until aborted. */
export async function tellDispatchers(parts: DispatcherHealthParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await pause(parts.clock, dispatcherTellMs, signal);
    if (signal.aborted) return;
    await tellOnce(parts, signal);
  }
}

/** What cannot be told now is told with the next one: all figures are sums, or of the moment. */
export async function tellOnce(
  { dispatchers, queue, teller, tenant, clock }: DispatcherHealthParts,
  signal: AbortSignal,
): Promise<void> {
  const told = dispatchers().filter(({ writer }) => writer.takes(tenant));
  if (told.length === 0) return;
  const status = await queue.status().catch(() => undefined);
  await Promise.allSettled(
    told.map(async ({ writer, status: output }) => {
      const { documents, unreadable, kinds } = writer.dispatched();
      const waiting = status === undefined ? {} : waitingOf(status, output.group, clock.now());
      const dispatcher = { output: output.name, state: output.state, documents, unreadable, kinds, ...waiting };
      const event = {
        kind: 'state',
        module: 'tributary',
        dataset: 'tributary.dispatcher',
        category: ['process'],
        type: ['info'],
      };
      const text = documentOf(teller, clock.now(), {
        event: { ...event, action: 'dispatcher-measured' },
        message: `the dispatcher of ${output.name} is ${output.state}`,
        log: { level: output.state === 'running' ? 'info' : 'warn' },
        tributary: { site: teller.site, dispatcher },
      });
      await writer.write([text], { tenant, host: teller.host }, AbortSignal.any([signal, AbortSignal.timeout(directMs)]));
    }),
  );
}

/** In the topics of platform events that its group reads, of all tenants. */
function waitingOf({ groups }: QueueStatus, group: string, nowMs: number): object {
  const own = groups.filter((place) => place.group === group && isPlatformChannel(channelOf(place.topic)));
  const oldest = own.map(({ oldestMs }) => oldestMs ?? nowMs).reduce((one, other) => Math.min(one, other), nowMs);
  const sum = (what: 'records' | 'bytes'): number => own.reduce((total, place) => total + place[what], 0);
  return { waiting: { records: sum('records'), bytes: sum('bytes'), age_ms: nowMs - oldest } };
}
