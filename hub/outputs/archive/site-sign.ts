/**
 * A folder or a bucket holds the archive of one site: what two write there each takes the other's for its own, and housekeeping of one would remove what
 * the other one needs. Whose it is says a file in it, which the first one makes; whoever finds another site's there is refused.
 *
 * A hub keeps what it found in its `data_dir` as well: its site's id is in the queue's store, and where that was lost the archive is still this hub's.
 */
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import type { Id } from '@tributary/protocol/messages.ts';
import { OutputError } from '../output.ts';
import { syncFolder, writeSmallFile } from './durable-file.ts';
import type { ArchiveStore } from './store/archive-store.ts';

export const siteSign = '.tributary-site';
const ownCopy = 'archive-site';
const idPattern = /^[0-9a-f]{32}$/;

type Store = Pick<ArchiveStore, 'place' | 'read' | 'writeNew'>;

/** Rejects with an OutputError where it is another site's, and with what the store says while that does not answer. */
export async function signFor(
  store: Store,
  { siteId, dataDir }: { readonly siteId: Id; readonly dataDir: string },
): Promise<void> {
  const before = copyIn(dataDir);
  let sign = await signIn(store);
  if (sign === undefined) {
    // Two sites may come first at a time: one of them made it.
    await store.writeNew(siteSign, `${siteId}\n`);
    sign = await signIn(store);
  }
  if (sign !== siteId && sign !== before) throw new OutputError(refusal(store.place, sign ?? '', siteId));
  if (sign === before) return;
  writeSmallFile(join(dataDir, ownCopy), `${sign}\n`);
  syncFolder(dataDir);
}

function refusal(place: string, sign: string, siteId: Id): string {
  return (
    `the archive ${place} is that of another site (${siteSign} there says ${sign}, this site is ${siteId}), and one archive cannot be two sites': give this one ` +
    `a folder or a prefix of its own in outputs. If that site is no more and this one goes on in its place, write ${siteId} into ${siteSign} ` +
    `there, start the hub, and let it find what is there with tributary-hub archive reindex`
  );
}

async function signIn(store: Store): Promise<string | undefined> {
  const text = (await store.read(siteSign))?.toString().trim();
  if (text === undefined || idPattern.test(text)) return text;
  throw new OutputError(`${siteSign} in ${store.place} is damaged: remove it where no other site writes there`);
}

/** A copy that cannot be read is none: the site's id decides then. */
function copyIn(dataDir: string): string | undefined {
  try {
    const text = readFileSync(join(dataDir, ownCopy), 'utf8').trim();
    return idPattern.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
