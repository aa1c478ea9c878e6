/**
 * The copy of the index for who looks at the archive in Elasticsearch: a platform event for each object. It goes the way of all platform events, so
 * every output has it, and none needs a client of its own here. It is a copy for looking: what the archive holds is told by its index, and by
 * the manifests beside the objects.
 */
import type { ReportedEvent } from '../../../platform/hub-events.ts';
import type { ArchiveObject } from '../../../queue/queue.ts';

const hostsMax = 100;
const platformType = 'platform';

/** Undefined of objects of platform events: each would tell of the next one. */
export function objectEvent(object: ArchiveObject): ReportedEvent | undefined {
  const { name, channel, partition, first, last, records, rawBytes, objectBytes, sha256, hosts, frames } = object;
  const [tenant, type] = channel.split('/');
  if (type === platformType) return undefined;
  const { receivedMsMin, receivedMsMax, eventMsMin, eventMsMax } = object;
  const archive = {
    object: name,
    tenant,
    type,
    partition,
    entries: { first, last },
    received: range(receivedMsMin, receivedMsMax),
    ...(eventMsMin !== undefined && eventMsMax !== undefined && { event: range(eventMsMin, eventMsMax) }),
    records,
    raw_bytes: Math.round(rawBytes),
    object_bytes: objectBytes,
    sha256,
    frames: frames.length,
    hosts: hosts.slice(0, hostsMax),
    hosts_count: hosts.length,
  };
  return {
    action: 'archive-object-written',
    message: `The archive has an object of ${records} records of ${channel}`,
    level: 'info',
    category: 'host',
    type: 'creation',
    outcome: 'success',
    eachOne: true,
    fields: { tributary: { archive } },
  };
}

function range(fromMs: number, toMs: number): { readonly from: string; readonly to: string } {
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
}
