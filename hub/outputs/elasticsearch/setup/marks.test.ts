import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashOf, setupVersion } from './marks.ts';
import { PretendedElasticsearch } from '../../../testing/pretended-elasticsearch.ts';
import { abilitiesOf } from './server-abilities.ts';
import { setupItems } from './templates.ts';

/** What each version of the set-up installs on a server that can do everything. */
const hashes: Readonly<Record<number, string>> = { 1: 'c0f8170ddf159a475fdde97f38afb1b1' };

test('what is installed changes with the version of the set-up only', async () => {
  const abilities = await abilitiesOf(new PretendedElasticsearch());
  const items = setupItems({ indices: 'data_stream', rejected: 'dead_letters', types: [] }, abilities);
  const all = items.map(({ kind, name, content }) => `${name} ${hashOf(kind, content)}`).join('\n');
  const hash = hashOf('component_template', { template: { mappings: { all } } });
  assert.equal(hash, hashes[setupVersion], 'raise setupVersion in marks.ts and note the hash here');
});

test('a server writes the same in other words', () => {
  const written = {
    template: { settings: { index: { codec: 'x', number_of_shards: 2, 'translog.durability': 'request' } }, mappings: {} },
  };
  const given = {
    version: 3,
    template: { settings: { 'index.codec': 'x', index: { number_of_shards: '2', translog: { durability: 'request' } } } },
    created_date_millis: 5,
  };
  assert.equal(hashOf('component_template', written), hashOf('component_template', given));
  const index = { index_patterns: ['b', 'a'], data_stream: {}, template: { aliases: { x: {} } } };
  assert.equal(
    hashOf('index_template', index),
    hashOf('index_template', {
      ...index,
      index_patterns: ['a', 'b'],
      data_stream: { hidden: false, allow_custom_routing: false },
      composed_of: [],
    }),
  );
  for (const changed of [
    { priority: 1 },
    { data_stream: { hidden: true } },
    { data_stream: undefined },
    { template: {} },
    { composed_of: ['x'] },
  ])
    assert.notEqual(hashOf('index_template', index), hashOf('index_template', { ...index, ...changed }), JSON.stringify(changed));
});
