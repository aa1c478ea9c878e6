/** Every metric that a hub may tell, with those that it counts only once something happens: for what is to know all names and labels. */
import assert from 'node:assert/strict';
import { deadLetterGroup } from '../dead-letters/dead-letter.ts';
import { countLetters, measureLetters } from '../dead-letters/dead-letter-metrics.ts';
import { testLetter } from '../dead-letters/fixture.ts';
import { removedMetrics } from '../housekeeping/removed-metrics.ts';
import { suppressedMetric } from '../processing/steps/suppressed.ts';
import { hubMetrics } from './hub-metrics.ts';
import { MetricBook } from './metric-book.ts';
import type { OwnedMetric } from './owned.ts';
import { toldHub } from './told-fixture.ts';

export async function allMetrics(): Promise<OwnedMetric[]> {
  const book = new MetricBook({ refused: (name) => assert.fail(name) });
  book.add([suppressedMetric('web', 'dedupe'), ...removedMetrics('archive', { tenant: 'shop', type: 'web', bytes: 1 })]);
  for (const verb of ['replay', 'drop'] as const) countLetters(book, verb, { channel: 'shop/web', letters: [testLetter(1)] });
  const counts = { partition: 0, policy: 'blocking', paused: false, dropped: 0, cursor: 0, entries: 1, records: 1 } as const;
  const dead = { topic: 'dead/shop/web', group: deadLetterGroup, ...counts, bytes: 1, oldestMs: 1 };
  measureLetters(book, { groups: [dead] });
  return await hubMetrics(toldHub({ book }));
}

/** Of a metric: what it is told by, beside the bounds of a histogram. */
export function labelsOf({ name, samples }: Pick<OwnedMetric, 'name' | 'samples'>): string[] {
  const [first] = samples;
  assert.ok(first !== undefined, `${name} has a series`);
  return Object.keys(first.labels ?? {}).filter((label) => label !== 'le');
}
