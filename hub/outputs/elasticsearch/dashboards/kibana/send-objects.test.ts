/** Against a fake of Kibana's API (testing/fake-kibana.ts). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeKibana } from '../testing/fake-kibana.ts';
import { KibanaClient } from './kibana-client.ts';
import { kibanaObjects } from './kibana-objects.ts';
import type { SavedObject } from './saved-object.ts';
import { SavedObjectCalls } from './saved-object-calls.ts';
import { sendObjects, type SentObject } from './send-objects.ts';

const naming = { output: 'elasticsearch' };
const objects = kibanaObjects({ ...naming, types: [], platformNames: 'platform' }).slice(0, 6);
const [view, other] = objects;
assert.ok(view !== undefined && other !== undefined);
const keyOfView = `${view.type}:${view.id}`;

async function send(fake: FakeKibana, sent: readonly SavedObject[] = objects, force = false): Promise<SentObject[]> {
  const calls = new SavedObjectCalls(new KibanaClient({ url: fake.url, api_key: 'secret' }), undefined);
  return await sendObjects(calls, sent, { naming, force });
}

function outcomes(sent: readonly SentObject[]): string[] {
  return [...new Set(sent.map(({ outcome }) => outcome))];
}

/** As a newer release would have it. */
function renewed(object: SavedObject): SavedObject {
  return { ...object, attributes: { ...object.attributes, name: 'another name' } };
}

test('what is missing is created, and nothing is sent when nothing is new', async () => {
  await using fake = await FakeKibana.start();
  assert.deepEqual(outcomes(await send(fake)), ['created']);
  assert.equal(fake.objects.size, objects.length + 1);
  assert.deepEqual([...fake.authorizations], ['ApiKey secret']);
  fake.requests.length = 0;
  assert.deepEqual(outcomes(await send(fake)), ['unchanged']);
  assert.deepEqual(fake.requests, ['POST /api/saved_objects/_export']);
});

test('what is from an older release is written again, also where Kibana made something else of it', async () => {
  await using fake = await FakeKibana.start();
  fake.migrate = (object) => ({ ...object, attributes: { ...object.attributes, migrated: true } });
  await send(fake);
  const sent = await send(fake, [renewed(view), other]);
  assert.deepEqual(
    sent.map(({ outcome }) => outcome),
    ['updated', 'unchanged'],
  );
  assert.equal(fake.objects.get(keyOfView)?.attributes['name'], 'another name');
  assert.ok(fake.requests.includes('POST /api/saved_objects/_import?overwrite=true&createNewCopies=false'));
});

test('what a person changed stays and is told, until somebody says otherwise', async () => {
  await using fake = await FakeKibana.start();
  await send(fake);
  fake.change(keyOfView, { name: 'mine' });
  const [first, ...others] = await send(fake, objects.map(renewed));
  assert.partialDeepStrictEqual(first, { id: view.id, outcome: 'changed' });
  assert.match(first?.problem ?? '', /somebody changed it/);
  assert.deepEqual(outcomes(others), ['updated']);
  assert.equal(fake.objects.get(keyOfView)?.attributes['name'], 'mine');
  const [forced] = await send(fake, objects.map(renewed), true);
  assert.equal(forced?.outcome, 'overwritten');
  assert.equal(fake.objects.get(keyOfView)?.attributes['name'], 'another name');
});

test('a newer Kibana that rewrites what is stored is not taken for a person', async () => {
  await using fake = await FakeKibana.start();
  await send(fake);
  for (const [key, object] of fake.objects)
    if (key !== 'visualization:tributary-written')
      fake.objects.set(key, { ...object, attributes: { ...object.attributes, upgraded: 9 } });
  assert.deepEqual(outcomes(await send(fake)), ['unchanged']);
});

test('what was there before, or is not known to be ours any more, stays', async () => {
  await using fake = await FakeKibana.start();
  fake.objects.set(keyOfView, { type: view.type, id: view.id, attributes: { title: 'theirs' }, references: [] });
  const [first, ...others] = await send(fake);
  assert.equal(first?.outcome, 'foreign');
  assert.deepEqual(outcomes(others), ['created']);
  fake.objects.delete('visualization:tributary-written');
  // What still is just what the hub would write needs no note.
  assert.deepEqual(outcomes((await send(fake)).slice(1)), ['unchanged']);
  assert.deepEqual(outcomes(await send(fake, objects.map(renewed))), ['foreign']);
});

test('what Kibana does not take is told one by one', async () => {
  await using fake = await FakeKibana.start();
  fake.unknownTypes.add('lens');
  const sent = await send(fake);
  const refused = sent.filter(({ outcome }) => outcome === 'refused');
  assert.deepEqual(
    refused.map(({ id }) => id),
    objects.filter(({ type }) => type === 'lens').map(({ id }) => id),
  );
  assert.match(refused[0]?.problem ?? '', /no objects of this type/);
});

test('a refusal says what to do', async () => {
  await using fake = await FakeKibana.start();
  for (const [status, said] of [
    [401, /does not know these credentials/],
    [302, /does not know these credentials/],
    [403, /does not allow/],
    [404, /no Kibana 8\.9 or later, or has no such space/],
    [503, /503: not ready/],
  ] as const) {
    fake.refuses = { status, body: '{"message":"not ready"}' };
    await assert.rejects(send(fake), said);
  }
  const url = fake.url;
  await fake[Symbol.asyncDispose]();
  const calls = new SavedObjectCalls(new KibanaClient({ url }), 'ops');
  await assert.rejects(calls.export(objects), /no answer from Kibana at .*ECONNREFUSED/);
});
