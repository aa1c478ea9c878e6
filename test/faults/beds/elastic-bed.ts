/** A hub that indexes into an Elasticsearch with security, through a network that can be slow, and archives into a bucket. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { ElasticsearchServer } from '../../harness/elasticsearch/elasticsearch-server.ts';
import type { HubHost } from '../../harness/hub-host.ts';
import { S3Server } from '../../harness/s3/s3-server.ts';
import { until } from '../../harness/until.ts';
import { SlowProxy } from '../slow-proxy.ts';
import { PlainBed } from './plain-bed.ts';
import { rulesOfBeds } from './rules-of-beds.ts';
import { wroteAll } from './writer.ts';

interface Parts {
  readonly hub: HubHost;
  readonly elastic: ElasticsearchServer;
  readonly network: SlowProxy;
  readonly bucket: S3Server;
}

const password = randomBytes(12).toString('hex');

export class ElasticBed extends PlainBed {
  #parts: Parts | undefined;

  static async open(): Promise<ElasticBed> {
    return await PlainBed.begun(
      (scratch) => new ElasticBed(scratch),
      async (bed) => bed.#begin(),
    );
  }

  get parts(): Parts {
    if (this.#parts === undefined) throw new Error('this bed is not made yet');
    return this.#parts;
  }

  /** Options of the two outputs that are another than they were. */
  async configure(more: { readonly elastic?: object; readonly s3?: object } = {}): Promise<void> {
    await this.change(this.parts.hub, this.#config(this.parts, more));
  }

  async json(type: string, value: object): Promise<void> {
    await this.push(this.parts.hub, type, `${JSON.stringify(value)}\n`);
  }

  async #begin(): Promise<void> {
    const { scratch } = this;
    const users = [{ name: 'shipper', password, roles: ['superuser'] }];
    const elastic = this.owned.use(await ElasticsearchServer.start({ folder: scratch.file('elasticsearch'), users }));
    const network = this.owned.use(await SlowProxy.start({ host: '127.0.0.1', port: elastic.port }));
    const bucket = this.owned.use(await S3Server.start({ folder: scratch.file('s3'), buckets: ['logs'] }));
    const pipelines = await scratch.folder('pipelines');
    for (const type of ['app', 'clash', 'new']) await writeFile(`${pipelines}/${type}.yaml`, 'steps:\n  - json: {}\n');
    const hub = await this.hub({ name: 'one', config: this.#config({ network, bucket }, {}) });
    this.#parts = { hub, elastic, network, bucket };
    await this.json('app', { message: 'first' });
    await this.json('clash', { message: 'first', value: 1 });
    await this.ask(hub);
    const detail = (): string => this.tail();
    const isThere = async (): Promise<boolean> => (await elastic.request('GET', '/logs-clash-shop/_count')).status === 200;
    await until('the first documents are there', isThere, { detail });
    this.owned.use(wroteAll(() => void this.json('app', { message: 'another' }).catch(() => undefined)));
  }

  #config(
    { network, bucket }: Pick<Parts, 'network' | 'bucket'>,
    { elastic = {}, s3 = {} }: { readonly elastic?: object; readonly s3?: object },
  ): Readonly<Record<string, unknown>> {
    const { endpoint, region, accessKey, secretKey } = bucket;
    const access = { endpoint, region, access_key: accessKey, secret_key: secretKey };
    const push = [{ address: '127.0.0.1:0', plaintext: true, tenant: 'shop', type: 'app' }];
    return {
      listeners: { http: { address: '127.0.0.1:0' }, push },
      pipelines_dir: this.scratch.file('pipelines'),
      health: { rules: rulesOfBeds },
      outputs: [
        { kind: 'archive', roll_interval: '1s', s3: { bucket: 'logs', prefix: 'site', ...access, ...s3 } },
        {
          kind: 'elasticsearch',
          name: 'elastic',
          urls: [network.url],
          username: 'shipper',
          password,
          tenants: ['shop'],
          bulk_wait: '50ms',
          ...elastic,
        },
      ],
    };
  }
}
