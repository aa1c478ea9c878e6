/**
 * Where a chain begins now, after housekeeping took its oldest objects: a small file beside the objects of a channel has the number and link of the
 * last one that goes, written before the first is removed. So verify knows what was cut off with intent from what is missing.
 *
 *     <archive>/<tenant>/<type>/.cut-<partition>.json
 */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import * as z from 'zod';
import type { ArchiveObject } from '../../../queue/queue.ts';
import { parseManifest } from '../manifest.ts';
import { manifestName } from '../object-name.ts';
import type { ArchiveStore } from '../store/archive-store.ts';
import type { ChainLink } from './chain-link.ts';

const fileVersion = 1;
const schema = z.object({ version: z.literal(fileVersion), number: z.int().min(1), link: z.string() });

export function cutFile(channel: ChannelName, partition: number): string {
  return `${channel}/.cut-${partition}.json`;
}

/** Undefined where nothing was cut off; throws where the file is damaged. */
export async function readCut(
  store: Pick<ArchiveStore, 'read'>,
  channel: ChannelName,
  partition: number,
): Promise<ChainLink | undefined> {
  const text = await store.read(cutFile(channel, partition));
  if (text === undefined) return undefined;
  const { number, link } = schema.parse(JSON.parse(text.toString()));
  return { number, link };
}

/** Up to and including this object. One that is in no chain, or whose manifest is gone, tells nothing. */
export async function noteCut(store: Pick<ArchiveStore, 'read' | 'write'>, last: ArchiveObject): Promise<void> {
  const manifest = await store.read(manifestName(last.name));
  const chain = manifest && parseManifest(manifest.toString())?.chain;
  if (chain === undefined) return;
  const before = await readCut(store, last.channel, last.partition);
  if (before !== undefined && before.number >= chain.number) return;
  const { number, link } = chain;
  await store.write(cutFile(last.channel, last.partition), `${JSON.stringify({ version: fileVersion, number, link })}\n`);
}
