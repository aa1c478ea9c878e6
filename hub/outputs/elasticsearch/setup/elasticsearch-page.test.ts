import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseConfig } from '@tributary/shared/options/config-file.ts';
import { hubOptions } from '../../../options.ts';
import { PretendedElasticsearch } from '../../../testing/pretended-elasticsearch.ts';
import { abilitiesOf } from './server-abilities.ts';
import { setupItems } from './templates.ts';

const page = readFileSync(new URL('../../../../docs/operating/elasticsearch.md', import.meta.url), 'utf8');

test('the configurations on the page are good', () => {
  const texts = [...page.matchAll(/```yaml\n([^`]+)```/g)].map(([, text = '']) => text.replaceAll(/\$\{file:[^}]*\}/g, 'key'));
  const kinds = texts.map((text) =>
    parseConfig({ file: 'page', schema: hubOptions, env: {}, text }).outputs.map(({ kind }) => kind),
  );
  assert.deepEqual(kinds, [['archive', 'elasticsearch']]);
});

test('the page names what is installed, with its priorities', async () => {
  const abilities = await abilitiesOf(new PretendedElasticsearch());
  const types = [{ type: 'app', tenant: undefined, fields: { 'app.x': 'long' } }] as const;
  const choice = { indices: 'data_stream', rejected: 'dead_letters', types } as const;
  const general = setupItems(choice, abilities);
  for (const { name } of general) assert.ok(page.includes(name.replace('-type-app', '-type-<type>')), name);
  const daily = setupItems({ ...choice, indices: 'daily' }, abilities);
  const shop = { ...choice, tenants: ['shop'], types: [{ ...types[0], tenant: 'shop' }] } as const;
  const named = setupItems(shop, abilities);
  const namedDaily = setupItems({ ...shop, indices: 'daily' }, abilities);
  const priorities = [general, daily, named, namedDaily].map((items) => {
    const all = items.flatMap((item) => (item.kind === 'index_template' ? [item.content.priority] : []));
    return [...new Set(all)].join(', ');
  });
  const [forAll, forAllDaily, forTenants, forTenantsDaily] = priorities.map((text) => text.split(', '));
  assert.ok(page.includes(`${forAll?.join(', ')} for a log type; daily indices ${forAllDaily?.join(', ')}`));
  assert.ok(page.includes(`${forTenants?.join(', ')} for a log type; daily indices 245 and more, by the tenant`));
  const [day = 0, dayType = 0] = (forTenantsDaily ?? []).map(Number);
  assert.ok(day >= 245 && dayType === day + 2);
});
