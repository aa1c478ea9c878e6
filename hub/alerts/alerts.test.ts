/**
 * A hub that has started finds only by and by what the one before it had found. What took it longer than `resolve_after` was told as resolved
 * after each start, and raised again.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createLogger } from '@tributary/shared/log.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import * as z from 'zod';
import { alertOptions } from '../config/alert-options.ts';
import type { HealthTree, ModelNode } from '../health/model/health-model.ts';
import { MemoryMeta, RecordingFindings } from '../testing/recording-health.ts';
import { Alerts } from './alerts.ts';
import { foundAgainMs } from '../health/limits.ts';
import { WebhookServer } from './testing/webhook-server.ts';

const message = z.object({ alerts: z.array(z.object({ change: z.string(), name: z.string() })) });
const green = { own: 'green', state: 'green', reason: '', sinceMs: 0 } as const;
const top: ModelNode = { ...green, id: 'site', kind: 'site', name: 'main', parent: undefined, owners: 'site', causes: [] };
const cause = { kind: 'books-unbalanced', subject: 'shop/web', level: 'red', reason: 'one is missing', sinceMs: 0 } as const;
const channel: ModelNode = {
  ...top,
  id: 'channel/shop/web',
  kind: 'channel',
  name: 'shop/web',
  parent: 'site',
  causes: [cause],
};

/** A site of one hub, which is started again and again, and a receiver that it tells. */
class Site {
  readonly #server: WebhookServer;
  readonly #clock = new ManualClock(10_000_000);
  readonly #meta = new MemoryMeta();
  readonly #how: Readonly<Record<string, string>>;

  constructor(server: WebhookServer, how: Readonly<Record<string, string>> = {}) {
    this.#server = server;
    this.#how = how;
  }

  get told(): string[] {
    return this.#server.told.flatMap((one) => message.parse(one).alerts.map(({ change, name }) => `${change} ${name}`));
  }

  /** Of a hub from its start on: `found` says what its tree of health has besides the site, by the second. */
  async run(seconds: number, found: (second: number) => readonly ModelNode[]): Promise<void> {
    const stop = new AbortController();
    let tree: HealthTree = new Map();
    const running = this.#alerts(() => tree).run(stop.signal);
    for (let second = 0; second < seconds; second += 1) {
      tree = new Map([top, ...found(second)].map((node) => [node.id, node]));
      this.#clock.advance(1000);
      // It has looked, and told what there was to tell, when all of it sleeps again.
      do await turn();
      while (this.#clock.sleeping < 2);
    }
    stop.abort();
    await running;
  }

  #alerts(tree: () => HealthTree): Alerts {
    const receivers = [{ kind: 'webhook', name: 'ops', url: this.#server.url }];
    const options = alertOptions.parse({ ...this.#how, receivers });
    const lock = { name: 'alerts', token: 1, isHeld: async () => true, keptUntilMs: () => Number.POSITIVE_INFINITY };
    return new Alerts({
      site: { name: 'main', siteId: 'ab'.repeat(16) },
      options: () => options,
      tree,
      registry: {
        meta: (key) => this.#meta.meta(key),
        setMeta: (values, how) => this.#meta.setMeta(values, how),
        record: async () => undefined,
      },
      cluster: { underLock: (_, signal, work) => work(lock, signal) },
      findings: new RecordingFindings(),
      clock: this.#clock,
      logger: createLogger({ level: 'error', sink: () => undefined }),
    });
  }
}

const graceS = foundAgainMs / 1000;

test('what a hub finds again a while after its start is told neither as resolved nor twice', { timeout: 20_000 }, async () => {
  await using server = await WebhookServer.start();
  const site = new Site(server);
  await site.run(30, () => [channel]);
  await site.run(600, (second) => (second < graceS - 1 ? [] : [channel]));
  assert.deepEqual(site.told, ['raised shop/web']);
});

test('what a hub does not find again after its start is told as resolved', { timeout: 20_000 }, async () => {
  await using server = await WebhookServer.start();
  const site = new Site(server);
  await site.run(30, () => [channel]);
  await site.run(graceS + 50, () => []);
  assert.deepEqual(site.told, ['raised shop/web']);
  await site.run(graceS + 70, () => []);
  assert.deepEqual(site.told, ['raised shop/web', 'resolved shop/web']);
});

test('who wants to be told soon of what is over is, also after a start', { timeout: 20_000 }, async () => {
  await using server = await WebhookServer.start();
  const site = new Site(server, { group_wait: '1s', interval: '0s', resolve_after: '1s' });
  await site.run(5, () => [channel]);
  await site.run(10, () => []);
  assert.deepEqual(site.told, ['raised shop/web', 'resolved shop/web']);
});

test('of a site below that is not heard of since the start nothing is told as resolved', { timeout: 20_000 }, async () => {
  await using server = await WebhookServer.start();
  const site = new Site(server);
  const silent = { kind: 'site-silent', subject: '1b', level: 'unknown', reason: 'not heard of', sinceMs: 0 } as const;
  const below: ModelNode = { ...top, id: 'site/1b', parent: 'site' };
  const agent: ModelNode = { ...channel, id: 'site/1b/agent/a1', kind: 'agent', name: 'web1', parent: 'site/1b' };
  await site.run(30, () => [below, agent]);
  await site.run(graceS + 120, (second) => [{ ...below, causes: second < 12 ? [] : [silent] }]);
  assert.deepEqual(site.told, ['raised web1']);
  await site.run(graceS + 120, () => [below]);
  assert.deepEqual(site.told, ['raised web1', 'resolved web1']);
});
