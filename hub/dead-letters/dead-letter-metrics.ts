/** What the hub counts of dead letters, for Prometheus and as platform events. */
import type { MetricBook } from '../metrics/metric-book.ts';
import type { QueueStatus } from '../queue/queue.ts';
import { waitingLetters } from './dead-letter-findings.ts';
import type { DeadLetter } from './dead-letter.ts';
import type { LetterVerb } from './letter-job.ts';

/** Of each channel that ever had any. */
export function measureLetters(book: Pick<MetricBook, 'set'>, status: Pick<QueueStatus, 'groups'>): void {
  const help = 'Documents that a destination refused, and that wait for somebody to look at them.';
  for (const [channel, value] of waitingLetters(status))
    book.set('tributary_dead_letters', { help, labels: labelsOf(channel), value });
}

const helps = {
  replay: 'Documents that a destination refused once and took when they were sent again.',
  drop: 'Documents that a destination refused and that somebody dropped.',
} as const;

export function countLetters(
  book: Pick<MetricBook, 'add'>,
  verb: LetterVerb,
  { channel, letters }: { readonly channel: string; readonly letters: readonly DeadLetter[] },
): void {
  const name = verb === 'replay' ? 'tributary_hub_dead_letters_replayed_total' : 'tributary_hub_dead_letters_dropped_total';
  const byOutput = Map.groupBy(letters, ({ output }) => output);
  const changes = [...byOutput].map(([output, all]) => {
    return { name, kind: 'counter', help: helps[verb], labels: { ...labelsOf(channel), output }, value: all.length } as const;
  });
  book.add(changes);
}

function labelsOf(channel: string): { tenant: string; type: string } {
  const [tenant = '', type = ''] = channel.split('/');
  return { tenant, type };
}
