/** A hub that has learned within seconds what is usual, and an agent and a program that write all the time. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HubHost } from '../../harness/hub-host.ts';
import { PlainBed } from './plain-bed.ts';
import { rulesOfBeds } from './rules-of-beds.ts';
import { wroteAll } from './writer.ts';

const learnSeconds = 8;

export class HabitsBed extends PlainBed {
  /** What is written all the time: taken out of here, it stops. */
  readonly sources = new Set<string>();
  readonly kinds = ['app', 'access'] as const;

  static async open(): Promise<HabitsBed> {
    return await PlainBed.begun(
      (scratch) => new HabitsBed(scratch),
      async (bed) => bed.#begin(),
    );
  }

  async #begin(): Promise<void> {
    const silence = { learn: `${learnSeconds}s`, least: '7s', factor: 2 };
    const push = [{ address: '127.0.0.1:0', plaintext: true, tenant: 'shop', type: 'push' }];
    const listeners = { http: { address: '127.0.0.1:0' }, push };
    const hub = await this.hub({ name: 'one', config: { listeners, health: { rules: { ...rulesOfBeds, silence } } } });
    const logs = await this.scratch.folder('web-logs');
    for (const source of [...this.kinds, 'push']) this.sources.add(source);
    // From the first line on: what passes before the second one would be learned as usual.
    this.owned.use(wroteAll(() => this.#write(hub, logs)));
    await this.agent({ name: 'web', hubs: () => [hub.url], inputs: this.kinds });
    await this.ask(hub);
    await sleep(learnSeconds * 1000);
  }

  #write(hub: HubHost, logs: string): void {
    for (const source of this.sources) {
      if (source === 'push') void this.push(hub, 'push', 'another line\n').catch(() => undefined);
      else appendFileSync(`${logs}/${source}.log`, 'another line\n');
    }
  }
}
