import assert from 'node:assert/strict';
import { test } from 'node:test';
import { channelWays } from './node-links.ts';

test('from a channel and its topics one comes to its lines, its pipeline and its readers', () => {
  for (const id of ['channel/shop/web', 'topic/front/shop/web', 'topic/back/shop/web'])
    assert.deepEqual(
      channelWays(id).map(([, href]) => href),
      ['/search?tenant=shop&type=web', '/pipelines/web?tenant=shop', '/admin/channels'],
    );
  for (const id of ['site', 'output/shop', 'agent/a', 'hub/h/listener/http']) assert.deepEqual(channelWays(id), []);
});
