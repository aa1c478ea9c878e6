/** Two sites, one below the other, with a network between them that can be cut, and an agent at the lower one. */
import { readFileSync } from 'node:fs';
import { enrolBelow } from '../../harness/enrol-below.ts';
import type { HubHost } from '../../harness/hub-host.ts';
import { textAt } from '../../harness/json.ts';
import { SilentProxy } from '../../harness/silent-proxy.ts';
import { until } from '../../harness/until.ts';
import { HealthApi } from '../health-api.ts';
import { type PlainAgent, PlainBed } from './plain-bed.ts';
import { rulesOfBeds } from './rules-of-beds.ts';

interface Parts {
  readonly upper: HubHost;
  readonly lower: HubHost;
  readonly link: SilentProxy;
  readonly web: PlainAgent;
}

const config = {
  listeners: { http: { address: '127.0.0.1:0' } },
  health: { rules: rulesOfBeds },
};
const archive = { kind: 'archive', roll_interval: '1s' };

export class SitesBed extends PlainBed {
  #parts: Parts | undefined;

  /** Asked is the upper site, or the lower one. */
  static async open(asked: 'upper' | 'lower'): Promise<SitesBed> {
    return await PlainBed.begun(
      (scratch) => new SitesBed(scratch),
      async (bed) => bed.#begin(asked),
    );
  }

  get parts(): Parts {
    if (this.#parts === undefined) throw new Error('this bed is not made yet');
    return this.#parts;
  }

  async #begin(asked: 'upper' | 'lower'): Promise<void> {
    const upper = await this.hub({ name: 'centre', config: { ...config, outputs: [archive] }, tls: true });
    const lower = await this.hub({ name: 'branch', config: { ...config, outputs: [archive] } });
    const link = this.owned.use(await SilentProxy.start(() => upper.port));
    await enrolBelow(lower, upper, link.port, 'up');
    const outputs = [archive, { kind: 'upstream', name: 'up', hubs: [`wss://127.0.0.1:${link.port}`] }];
    await this.change(lower, { ...config, outputs });
    const web = await this.agent({ name: 'web', hubs: () => [lower.url] });
    this.#parts = { upper, lower, link, web };
    this.write(`${web.logs}/app.log`);
    const siteId = textAt(await lower.status(), 'site', 'siteId');
    this.names.set(siteId, 'branch');
    const ca = readFileSync(`${upper.dataDir}/pki/ca.crt`, 'utf8');
    const api = await HealthApi.of(upper, { ca });
    const isTold = async (): Promise<boolean> =>
      [...((await api.look())?.keys() ?? [])].some((id) => id.startsWith(`site/${siteId}`));
    await until('the upper site knows the lower one', isTold, { detail: () => this.tail() });
    if (asked === 'upper') await this.ask(upper, { ca });
    else await this.ask(lower);
  }
}
