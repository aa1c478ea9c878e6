/** Where a chain goes on, whoever wrote the file that tells it last. */
import assert from 'node:assert/strict';
import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ArchivePlan } from '../../../queue/queue.ts';
import { manifestText } from '../manifest.ts';
import { manifestName } from '../object-name.ts';
import { FolderStore } from '../store/folder-store.ts';
import type { ChainPlace } from './chain-link.ts';
import { chainFile, Chains } from './chains.ts';

const channel = 'acme/app';

function planOf(first: number, store = 'aa'): ArchivePlan {
  const name = `${channel}/2026/11/21/10/${store}-0-${first}-${first}.csv.zst`;
  return { topic: `back/${channel}`, partition: 0, first, last: first, name, createdMs: 1 };
}

class Site implements Disposable {
  readonly #scratch = mkdtempDisposableSync(join(tmpdir(), 'tributary-chain-'));
  readonly store = new FolderStore(this.#scratch.path);

  /** One object as a hub writes it, up to its commit. */
  async write(chains: Chains, plan: ArchivePlan): Promise<ChainPlace> {
    const place = await chains.placeOf(channel, plan);
    const { partition, first, last, name } = plan;
    const basis = { channel, storeId: 'aa', topic: plan.topic, partition, first, last, segments: [], chain: place };
    const times = { receivedMsMin: 1, receivedMsMax: 1, eventMsMin: undefined, eventMsMax: undefined };
    const figures = { records: 1, rawBytes: 1, objectBytes: 1, sha256: name, hosts: [], frames: [] };
    const { text, link } = manifestText({ ...basis, name, ...times, ...figures });
    await this.store.write(manifestName(name), text);
    await chains.written(channel, plan, { place, link });
    return place;
  }

  [Symbol.dispose](): void {
    this.#scratch[Symbol.dispose]();
  }
}

test('objects of one hub and of the next one are one chain', async () => {
  using site = new Site();
  const one = new Chains(site.store);
  assert.deepEqual(await site.write(one, planOf(1)), { number: 1, previous: '' });
  assert.equal((await site.write(one, planOf(2))).number, 2);
  const other = new Chains(site.store);
  assert.equal((await site.write(other, planOf(3))).number, 3);
  // Entries without records have passed since, and another hub has written: what the first one knows is old.
  assert.equal((await site.write(one, planOf(7))).number, 4);
});

test('a plan that runs again after a crash has the place that it had', async () => {
  using site = new Site();
  await site.write(new Chains(site.store), planOf(1));
  const before = await site.write(new Chains(site.store), planOf(2));
  assert.deepEqual(await site.write(new Chains(site.store), planOf(2)), before);
  const first = new Site();
  const place = await first.write(new Chains(first.store), planOf(1));
  assert.deepEqual(await first.write(new Chains(first.store), planOf(1)), place);
  first[Symbol.dispose]();
});

test('a hub that was stopped for long puts the file back: the next one finds the newest by the manifests', async () => {
  using site = new Site();
  const stopped = new Chains(site.store);
  await site.write(stopped, planOf(1));
  const file = String(await site.store.read(chainFile(channel, 0)));
  const other = new Chains(site.store);
  await site.write(other, planOf(2));
  await site.write(other, planOf(3));
  await site.store.write(chainFile(channel, 0), file);
  assert.equal((await site.write(new Chains(site.store), planOf(4))).number, 4);
});

test('sequences of a store that went back are others, and its objects follow what is there', async () => {
  using site = new Site();
  const chains = new Chains(site.store);
  await site.write(chains, planOf(1));
  await site.write(chains, planOf(2));
  const { number } = await site.write(chains, planOf(2, 'bb'));
  assert.equal(number, 3);
});

test('a file that is damaged is told, and nothing goes on beside it', async () => {
  using site = new Site();
  await site.store.write(chainFile(channel, 0), '{"number":');
  await assert.rejects(
    new Chains(site.store).placeOf(channel, planOf(2)),
    /\.chain-0\.json in the archive is damaged: .* reindex/,
  );
});
