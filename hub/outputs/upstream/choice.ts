import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { UpstreamOutputOptions } from '../../config/output-options.ts';
import type { StreamInfo } from '../../queue/queue.ts';

type Rules = Pick<UpstreamOutputOptions, 'tenants' | 'types' | 'labels'>;

/** Whether a channel's batches may go up. */
export function isChannelChosen(channel: ChannelName, { tenants, types }: Rules): boolean {
  const [tenant = '', type = ''] = channel.split('/');
  return (tenants === undefined || tenants.includes(tenant)) && (types === undefined || types.includes(type));
}

/** Whether one of a batch's streams has all the labels: a batch is passed on whole, or not at all. */
export function isBatchChosen(streams: readonly Pick<StreamInfo, 'attributes'>[], { labels }: Rules): boolean {
  const wanted = Object.entries(labels ?? {});
  return streams.some(({ attributes }) => wanted.every(([name, value]) => attributes.labels[name] === value));
}
