import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { groupsMoved } from '../cluster/cluster.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import type { QueueStatus, TopicStatus } from '../queue/queue.ts';
import { eventually } from '../testing/eventually.ts';
import { lookIntervalMs, retryMsMax, runnerIdleMs } from './limits.ts';
import { running } from './running.ts';
import { type TopicPlace, type TopicRunner, TopicRunners } from './topic-runners.ts';
import { Wake } from './wake.ts';

type Told = (topic: string, partition: number) => void;

/** Notes what it was woken for, and ends when nothing comes. */
class NotingRunner implements TopicRunner {
  readonly #wake = new Wake();
  readonly #site: Site;
  readonly #name: string;

  constructor(site: Site, { topic, partition }: TopicPlace) {
    this.#site = site;
    this.#name = `${topic}#${partition}`;
  }

  get isWoken(): boolean {
    return this.#wake.isNotified;
  }

  wake(): void {
    this.#wake.notify();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { did, clock } = this.#site;
    did.push(`start ${this.#name}`);
    while (!signal.aborted && (await this.#wake.wait(clock, signal, runnerIdleMs))) {
      did.push(`work ${this.#name}`);
      await this.#site.working?.(this.#name);
    }
    this.#site.isEnding = true;
    await this.#site.ending?.();
    did.push(`end ${this.#name}`);
  }
}

/** A queue and a cluster as far as runners know them. */
class Site implements AsyncDisposable {
  readonly did: string[] = [];
  readonly clock = new ManualClock();
  readonly runners: TopicRunners<NotingRunner>;
  topics: TopicStatus[] = [];
  own = new Set([0, 1]);
  working: ((name: string) => Promise<void>) | undefined;
  ending: (() => Promise<void>) | undefined;
  looks = 0;
  isEnding = false;
  isAway = false;
  announce: (message: string) => void = () => undefined;
  #told: Told = () => undefined;
  #changed = (): void => undefined;
  readonly #running: AsyncDisposable;

  constructor() {
    const group = { group: 'reader', policy: 'blocking', cursor: 5, entries: 0, records: 0, bytes: 0 } as const;
    const groups = [{ ...group, topic: 'front/acme/done', partition: 0, oldestMs: undefined, dropped: 0, paused: false }];
    const status = (): Promise<QueueStatus> => {
      this.looks += 1;
      if (this.isAway) return Promise.reject(new Error('no Redis answers'));
      const rest = { storeId: '', state: 'open', bytes: 0, maxBytes: 0, channels: [], archived: [], deadLetters: 0 } as const;
      return Promise.resolve({ ...rest, topics: this.topics, groups });
    };
    this.runners = new TopicRunners({
      queue: { status, onAppended: (listener) => this.#follow(listener) },
      cluster: {
        partitions: () => this.own,
        onChanged: (listener) => this.#followMembers(listener),
        onAnnounced: (listener) => this.#followNews(listener),
      },
      clock: this.clock,
      logger: createLogger({ level: 'debug', sink: () => undefined }),
      prefix: 'front/',
      group: 'reader',
      create: (place) => new NotingRunner(this, place),
    });
    this.#running = running((signal) => this.runners.run(signal), assert.ifError);
  }

  #follow(listener: Told): () => void {
    this.#told = listener;
    return () => {
      this.#told = () => undefined;
    };
  }

  #followNews(listener: (message: string) => void): () => void {
    this.announce = listener;
    return () => undefined;
  }

  #followMembers(listener: () => void): () => void {
    this.#changed = listener;
    return () => undefined;
  }

  tell(topic: string, partition: number): void {
    this.#told(topic, partition);
  }

  change(...own: number[]): void {
    this.own = new Set(own);
    this.#changed();
  }

  has(topic: string, partition: number, lastSequence: number): void {
    const sums = { firstSequence: 1, entries: 1, bytes: 1, receivedRecords: 1, receivedBytes: 1 };
    this.topics.push({ topic, partition, lastSequence, ...sums });
  }

  async doneIs(...expected: string[]): Promise<void> {
    await eventually('the runners did it', () => this.did.length >= expected.length);
    assert.deepEqual(this.did.splice(0), expected);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
  }
}

suite('runners of topics', { timeout: 120_000 }, () => {
  test('are there for what is told in partitions of this hub, and nowhere else', async () => {
    await using site = new Site();
    await eventually('it looked', () => site.looks === 1);
    site.tell('back/acme/app', 0);
    site.tell('front/acme/app', 2);
    site.tell('front/acme/app', 1);
    await site.doneIs('start front/acme/app#1', 'work front/acme/app#1');
    assert.equal(site.runners.runnersOf('acme/app').length, 1);
  });

  test('are made for what waits and nobody told of', async () => {
    await using site = new Site();
    await eventually('it looked', () => site.looks === 1);
    site.has('front/acme/done', 0, 5);
    site.has('front/acme/app', 0, 1);
    site.clock.advance(lookIntervalMs);
    await site.doneIs('start front/acme/app#0', 'work front/acme/app#0');
    site.has('front/acme/moved', 1, 1);
    site.announce(groupsMoved);
    await site.doneIs('start front/acme/moved#1', 'work front/acme/app#0', 'work front/acme/moved#1');
  });

  test('look again soon where the store did not answer', async () => {
    await using site = new Site();
    site.isAway = true;
    await eventually('it looked in vain', () => site.looks === 1 && site.clock.sleeping === 1);
    site.isAway = false;
    site.has('front/acme/app', 0, 1);
    site.clock.advance(retryMsMax);
    await site.doneIs('start front/acme/app#0', 'work front/acme/app#0');
  });

  test('end when nothing comes, and leave one that sleeps: the look', async () => {
    await using site = new Site();
    await eventually('it looked', () => site.looks === 1);
    for (let index = 0; index < 50; index += 1) site.tell(`front/acme/app${index}`, 0);
    await eventually('all work', () => site.did.length === 100);
    site.did.length = 0;
    site.clock.advance(runnerIdleMs);
    await eventually('all ended', () => site.did.length === 50);
    await eventually('the look alone sleeps', () => site.clock.sleeping === 1);
    assert.equal(site.runners.runnersOf('acme/app1').length, 0);
  });

  test('go on when they are woken while they end', async () => {
    await using site = new Site();
    await eventually('it looked', () => site.looks === 1);
    const gate = Promise.withResolvers<void>();
    site.ending = () => gate.promise;
    site.tell('front/acme/app', 0);
    await eventually('it works', () => site.did.length === 2);
    site.clock.advance(runnerIdleMs);
    await eventually('it ends', () => site.isEnding);
    site.tell('front/acme/app', 0);
    site.ending = undefined;
    gate.resolve();
    const name = 'front/acme/app#0';
    await site.doneIs(`start ${name}`, `work ${name}`, `end ${name}`, `start ${name}`, `work ${name}`);
  });

  test('end their step when the partition goes to another hub, and begin again when it comes back meanwhile', async () => {
    await using site = new Site();
    await eventually('it looked', () => site.looks === 1);
    const gate = Promise.withResolvers<void>();
    site.working = (name) => (name.endsWith('#1') ? gate.promise : Promise.resolve());
    site.tell('front/acme/app', 0);
    site.tell('front/acme/app', 1);
    await eventually('both work', () => site.did.length === 4);
    site.did.length = 0;
    site.change(0);
    site.change(0, 1);
    site.working = undefined;
    gate.resolve();
    await site.doneIs('end front/acme/app#1', 'start front/acme/app#1', 'work front/acme/app#1');
  });
});
