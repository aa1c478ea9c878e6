/** What happens to the hub itself, its configuration and its channels. */
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { freePort } from '../../harness/free-port.ts';
import { RedisServer } from '../../harness/redis/redis-server.ts';
import { goodPipeline, ownAddress, type SiteBed } from '../beds/site-bed.ts';
import { closePort } from '../closed-port.ts';
import type { Fault } from '../fault.ts';

const dayMs = 86_400_000;
const hub = 'hub/one';
const endless =
  "steps:\n  - script:\n      code: 'export default function (record) { while (record !== undefined) {} return record; }'\n";

export const hubFaults: readonly Fault<SiteBed>[] = [
  {
    name: 'hub-certificate-ends',
    what: "the hub's certificate is replaced by one that ends in five days",
    mended: 'the one from before is back',
    make: (bed) => bed.placeCertificate(5 * dayMs),
    repair: (bed) => bed.placeCertificate(),
    node: hub,
    colour: 'red',
    reason: /the hub's certificate in .*hub\.crt expires in [45] days, on .*; put a new one there/,
  },
  {
    name: 'hub-certificate-broken',
    what: "the file of the hub's certificate is replaced by something else",
    mended: 'the certificate from before is back',
    make: (bed) => writeFileSync(bed.certificateFile, 'this is no certificate'),
    repair: (bed) => bed.placeCertificate(),
    node: hub,
    colour: 'red',
    reason: /hub\.crt: holds no certificate in PEM .*; the one before is used until that is mended/,
  },
  {
    name: 'plaintext-listener',
    what: 'a listener without TLS is opened to other machines',
    mended: 'it is closed',
    make: async (bed) => {
      const open = {
        address: `0.0.0.0:${await freePort()}`,
        plaintext: true,
        tenant: 'shop',
        type: 'push',
        allow_cidr: ['127.0.0.0/8'],
      };
      await bed.change({ listeners: { http: { address: '127.0.0.1:0' }, push: [pushOf(bed), open] } });
    },
    repair: (bed) => bed.change(),
    node: `${hub}/listener/push 0.0.0.0:*`,
    colour: 'yellow',
    reason: /listeners\.push\[1\] at .* takes logs without TLS: .*; let senders use TLS/,
  },
  {
    name: 'listener-port-taken',
    what: 'a listener is configured at a port that another program has',
    mended: 'that program is gone and the configuration is read again',
    make: async (bed) => {
      const port = await takePort(bed);
      await bed.change({
        listeners: { http: { address: '127.0.0.1:0' }, push: [pushOf(bed), { ...pushOf(bed), address: `127.0.0.1:${port}` }] },
      });
    },
    repair: async (bed) => {
      taken.get(bed)?.close();
      await bed.change();
    },
    node: hub,
    colour: 'yellow',
    reason:
      /the configuration was read again and could not be done in all parts: listeners\.push: .*: another program has it; what ran goes on/,
  },
  {
    name: 'listener-closed',
    what: 'the port of a listener is closed: nobody comes through to it any more',
    mended: 'it is open again',
    make: (bed) => void closed.set(bed, closePort(bed.hub.program.pid, bed.pushPort)),
    repair: (bed) => closed.get(bed)?.[Symbol.dispose](),
    node: `${hub}/listener/push 127.0.0.1:*`,
    colour: 'red',
    reason: /listener push 127\.0\.0\.1:\d+ of this hub takes no connection: .*; see what the log says of it/,
    unreal: 'a filter at its socket drops what comes, in the place of a firewall before it',
  },
  {
    name: 'hub-configuration',
    what: 'the configuration file of the hub is broken and read again',
    mended: 'it is as it was and read again',
    make: async (bed) => {
      await bed.change({ queue: { max_bytes: 'much' } });
    },
    repair: (bed) => bed.change(),
    node: hub,
    colour: 'yellow',
    reason:
      /the configuration was read again and refused: .*hub\.yaml:\d+:\d+: queue\.max_bytes: must be a size .*; what ran goes on/,
  },
  {
    name: 'channel-paused',
    what: 'a channel is paused by a person',
    mended: 'it is resumed',
    make: (bed) => bed.command('channel', 'pause', 'shop/app'),
    repair: (bed) => bed.command('channel', 'resume', 'shop/app'),
    node: 'topic/front/shop/app',
    colour: 'yellow',
    reason: /group pipeline is paused by .*: what comes in is kept .*; tributary-hub channel resume ends it/,
  },
  {
    name: 'pipeline-broken',
    what: 'the file of a pipeline is broken',
    mended: 'it is good again',
    make: (bed) => replaceFile(pipelineOf(bed, 'push'), 'steps:\n  - nothing_of_this_name: {}\n'),
    repair: (bed) => replaceFile(pipelineOf(bed, 'push'), goodPipeline),
    node: 'channel/shop/push',
    colour: 'yellow',
    reason:
      /pipeline push was refused: what ran before goes on: .*push\.yaml:2:5: .*nothing_of_this_name: is not an option; accepted here: /,
  },
  {
    name: 'pipeline-stuck',
    what: 'a script of a pipeline never ends',
    mended: 'it is another script',
    make: async (bed) => {
      replaceFile(pipelineOf(bed, 'push'), endless);
      const timer = setInterval(() => void bed.push('push', 'a line for the script\n').catch(() => undefined), 500);
      writers.set(bed, timer);
    },
    repair: (bed) => {
      clearInterval(writers.get(bed));
      replaceFile(pipelineOf(bed, 'push'), goodPipeline);
    },
    node: 'channel/shop/push',
    colour: 'red',
    reason:
      /pipeline push: step script ended its thread 3 times .* is switched off .*; the last one took longer than 300ms with one record/,
    also: { 'topic/front/*': /: pipeline gets nowhere although|still waits for pipeline: it is behind/ },
  },
  {
    name: 'quota-used-up',
    what: 'a tenant has brought in more than its quota of the day',
    mended: 'the quota is raised',
    prepare: (bed) => bed.change({ quotas: [{ tenant: 'shop', type: 'push', bytes_per_day: '64KiB', action: 'drop' }] }),
    make: async (bed) => {
      for (let number = 0; number < 20; number += 1) await bed.push('push', `${'a long line '.repeat(400)}\n`);
    },
    repair: (bed) => bed.change({ quotas: [{ tenant: 'shop', type: 'push', bytes_per_day: '1GiB', action: 'drop' }] }),
    node: 'channel/shop/push',
    colour: 'red',
    reason: /shop\/push has used up its 65536 bytes of today .*; raise the quota or let it bring less/,
  },
  {
    name: 'push-refused',
    what: 'programs push what the hub has to refuse, again and again',
    mended: 'they stop',
    make: (bed) => {
      const bad = { method: 'POST', headers: { 'content-type': 'image/png' }, body: 'no log' };
      const url = `http://127.0.0.1:${bed.pushPort}/api/v1/logs`;
      const push = (): void =>
        void fetch(url, bad)
          .then((answer) => answer.arrayBuffer())
          .catch(() => undefined);
      writers.set(bed, setInterval(push, 300));
    },
    repair: (bed) => clearInterval(writers.get(bed)),
    node: `${hub}/listener/push 127.0.0.1:*`,
    colour: 'yellow',
    reason: /listener push .* refuses much of what comes; the log tells who comes and why it is refused/,
  },
  {
    name: 'open-service',
    what: 'a Redis that the site uses answers anybody on the network',
    mended: 'it is gone',
    make: startService,
    repair: async (bed) => {
      await services.get(bed)?.kill();
    },
    node: 'site',
    colour: 'red',
    reason: /Redis at .* answers anybody without credentials: .*; give it a password .*, or bind it to the loopback/,
  },
];

const closed = new WeakMap<SiteBed, Disposable>();
const taken = new WeakMap<SiteBed, Server>();
const writers = new WeakMap<SiteBed, NodeJS.Timeout>();
const services = new WeakMap<SiteBed, RedisServer>();

function pushOf({ pushPort }: SiteBed): object {
  return { address: `127.0.0.1:${pushPort}`, plaintext: true, tenant: 'shop', type: 'push' };
}

async function takePort(bed: SiteBed): Promise<number> {
  const port = await freePort();
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  taken.set(bed, server);
  return port;
}

function pipelineOf({ scratch }: SiteBed, type: string): string {
  return scratch.file('pipelines', `${type}.yaml`);
}

/** Whole, as editors do it. */
function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

async function startService(bed: SiteBed): Promise<void> {
  const settings = { bind: ownAddress ?? '' };
  services.set(bed, await RedisServer.start({ folder: bed.scratch.file('service'), port: bed.servicePort, settings }));
}
