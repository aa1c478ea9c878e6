/** A listener to a real Redis, with a queue in a folder, for tests and for the process that one of them kills. */
import { zstdDecompressSync } from 'node:zlib';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { beatsRedisListener, type BeatsRedisOptions } from '../../config/beats-redis-options.ts';
import type { Queue } from '../../queue/queue.ts';
import { openGate } from '../../quotas/quota-gate.ts';
import { RecordingFindings } from '../../testing/recording-health.ts';
import { BeatsRedisListener, type BeatsRedisParts } from './beats-redis-listener.ts';

export const testSite = { siteId: '51'.repeat(16), hubId: 'a1'.repeat(16), storeId: '5e'.repeat(16) };

export function beatsOptions(given: object): BeatsRedisOptions {
  return beatsRedisListener.parse({ key: 'beats', tenant: 'acme', type: 'other', ...given });
}

export interface TestListener extends AsyncDisposable {
  readonly listener: BeatsRedisListener;
  readonly findings: RecordingFindings;
}

export function listenTo(queue: BeatsRedisParts['queue'], given: object, parts: Partial<BeatsRedisParts> = {}): TestListener {
  const findings = new RecordingFindings();
  const hubId = parts.site?.hubId ?? testSite.hubId;
  const listener = new BeatsRedisListener(beatsOptions(given), {
    queue,
    site: testSite,
    cluster: { hubId, members: () => [] },
    quotas: openGate,
    findings,
    clock: systemClock,
    log: createLogger({ level: 'error', sink: () => undefined }),
    noteBytes: () => undefined,
    ...parts,
  });
  return { listener, findings, [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose]() };
}

/** Lines of a front topic in their order. */
export async function linesIn(queue: Pick<Queue, 'read' | 'topics'>, topic: string): Promise<string[]> {
  if (!queue.topics().includes(topic)) return [];
  const entries = await queue.read({ topic, partition: 0, afterSequence: 0 }, { entries: 10_000, bytes: 1e9 });
  return entries.flatMap(({ body }) => zstdDecompressSync(body).toString('utf8').split('\n').slice(0, -1));
}
