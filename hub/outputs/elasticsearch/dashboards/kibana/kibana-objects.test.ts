/** What Kibana would refuse or could not draw. No real Kibana has opened these objects: the schemas are what its documentation and source demand. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { checkObject, parseDashboard, usedReferences } from '../testing/saved-object-schemas.ts';
import { dashboardsVersion, type KibanaChoice, kibanaObjects } from './kibana-objects.ts';
import { keyOf, recordObject } from './written-record.ts';

const choice: KibanaChoice = { output: 'elasticsearch', types: ['app', 'nginx'], platformNames: 'platform' };
const objects = kibanaObjects(choice);

test('every object is of the form that Kibana demands', () => {
  for (const object of [...objects, recordObject(choice, new Map())]) {
    assert.doesNotThrow(() => checkObject(object), object.id);
  }
});

test('every reference is used, and leads to an object that comes before', () => {
  const before = new Set<string>();
  for (const object of objects) {
    assert.deepEqual(
      object.references.map(({ name }) => name),
      usedReferences(object),
      object.id,
    );
    for (const reference of object.references) assert.ok(before.has(keyOf(reference)), `${object.id} refers to ${reference.id}`);
    before.add(keyOf(object));
  }
  assert.equal(before.size, objects.length, 'ids are unique');
});

test('no two panels of a dashboard lie upon each other', () => {
  for (const { type, attributes } of objects) {
    if (type !== 'dashboard') continue;
    const { panelsJSON, title } = parseDashboard(attributes);
    const taken = new Set<string>();
    for (const { gridData } of panelsJSON)
      for (let x = gridData.x; x < gridData.x + gridData.w; x += 1)
        for (let y = gridData.y; y < gridData.y + gridData.h; y += 1) {
          assert.ok(!taken.has(`${x}/${y}`), `${title}: ${gridData.i}`);
          taken.add(`${x}/${y}`);
        }
  }
});

test('an output of another name and another space have objects of their own', () => {
  const others = kibanaObjects({ ...choice, output: 'external', space: 'ops' });
  assert.equal(new Set([...objects, ...others].map(keyOf)).size, objects.length + others.length);
  for (const object of others) checkObject(object);
  assert.ok(others.some(({ id }) => id === 'tributary.external-haproxy@ops'));
});

test('where tenants are named only their indices are looked at', () => {
  const titles = kibanaObjects({ ...choice, tenants: ['shop', 'bank'], platformNames: 'beats' }).flatMap(({ type, attributes }) =>
    type === 'index-pattern' ? [attributes['title']] : [],
  );
  assert.deepEqual(titles, [
    'logs-*-shop,logs-*-bank',
    'platform-metricbeat-shop,platform-metricbeat-bank',
    'platform-*-shop,platform-*-bank,metrics-tributary.*-shop,metrics-tributary.*-bank',
    'logs-app-shop,logs-app-bank',
    'logs-nginx-shop,logs-nginx-bank',
  ]);
});

test('what is written has changed with its version only', () => {
  const digest = createHash('sha256').update(JSON.stringify(objects)).digest('hex').slice(0, 16);
  // Another digest needs another version: hubs know by it what is from an older release.
  assert.deepEqual([dashboardsVersion, digest], [1, 'fdb4aa6511334623']);
});
