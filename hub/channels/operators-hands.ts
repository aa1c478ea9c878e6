/** What operators see of channels and outputs, and what they do to them by hand: the parts together, as the hub has them. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { groupsMoved } from '../cluster/cluster.ts';
import { DeadLetterOperations } from '../dead-letters/dead-letter-operations.ts';
import { countLetters, measureLetters } from '../dead-letters/dead-letter-metrics.ts';
import { ChannelFindings } from '../health/channel-findings.ts';
import type { Findings } from '../health/findings.ts';
import type { ChannelRouteParts } from '../listeners/http/routes/channel-routes.ts';
import type { MetricBook } from '../metrics/metric-book.ts';
import type { HubOptions } from '../options.ts';
import type { OutputNotes } from '../outputs/output-notes.ts';
import { OutputOperations } from '../outputs/output-operations.ts';
import type { Outputs } from '../outputs/outputs.ts';
import type { QueueStatus } from '../queue/queue.ts';
import type { Registry } from '../registry/registry.ts';
import type { HubStore } from '../store/hub-store.ts';
import { ChannelOperations } from './channel-operations.ts';

export interface OperatorsHandsParts {
  readonly store: Pick<HubStore, 'kind' | 'queue' | 'cluster'>;
  readonly registry: Registry;
  readonly findings: Findings;
  readonly outputs: Outputs;
  readonly notes: OutputNotes;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MetricBook;
  /** As the configuration has it now. */
  readonly options: () => HubOptions['queue'];
  /** The queue's figures, whenever they were asked. */
  readonly onLooked: (status: QueueStatus) => void;
}

export interface OperatorsHands {
  /** To be run; it is told when something was changed by hand. */
  readonly watch: ChannelFindings;
  readonly operations: ChannelRouteParts & { readonly deadLetters: DeadLetterOperations };
}

export function operatorsHands({
  store,
  registry,
  findings,
  outputs,
  notes,
  clock,
  logger,
  metrics,
  options,
  onLooked,
}: OperatorsHandsParts): OperatorsHands {
  const { queue, cluster } = store;
  const watch = new ChannelFindings({
    queue,
    store: store.kind,
    registry,
    findings,
    clock,
    options,
    isRead: (channel) => outputs.isRead(channel),
    hasArchive: () => outputs.archive !== undefined,
    onLooked: (status) => {
      measureLetters(metrics, status);
      onLooked(status);
    },
    removedOutputs: (status) => notes.removed(outputs.groups, status),
  });
  const onChanged = (): void => {
    watch.look();
    cluster.announce(groupsMoved);
  };
  return {
    watch,
    operations: {
      channels: new ChannelOperations({ queue, registry, clock, onChanged }),
      outputs: new OutputOperations({ outputs, notes, registry, onChanged }),
      deadLetters: new DeadLetterOperations({
        queue,
        registry,
        clock,
        logger,
        hubId: cluster.hubId,
        senderOf: (output) => outputs.deadLetterSender(output),
        onGone: (verb, channel, letters) => countLetters(metrics, verb, { channel, letters }),
        onChanged,
      }),
    },
  };
}
