/** Disks, stores and buffers that are full, or nearly. */
import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { diskBytes, type DisksBed } from '../beds/disks-bed.ts';
import type { Fault } from '../fault.ts';

/** Of a file that waits while its agent has no room for it. */
const isBehind = /app\.log is not read to its end: .*; see whether the hub takes what it sends/;

export const diskFaults: readonly Fault<DisksBed>[] = [
  {
    name: 'hub-disk-filling',
    what: "the disk of the hub's store is filled up to 90 %",
    mended: 'there is room again',
    make: ({ storeDisk }) => storeDisk.fillUp(diskBytes / 10),
    repair: ({ storeDisk }) => storeDisk.makeRoom(),
    node: 'hub/one',
    colour: 'yellow',
    reason: /the disk of data_dir .* is 9\d % full, .* are free: nothing is taken in when it is full; make room/,
  },
  {
    name: 'hub-disk-full',
    what: "the disk of the hub's store is filled up to the last byte",
    mended: 'there is room again',
    make: async (bed) => {
      bed.storeDisk.fillUp(4096);
      // What was free within its files is used up first.
      for (let number = 0; number < 4; number += 1) await bed.push(bed.site, 'push', noise(1));
    },
    repair: ({ storeDisk }) => storeDisk.makeRoom(),
    node: 'store',
    colour: 'red',
    reason: /the store has no space left on its disk, .* and nothing more is taken in: make room there/,
    also: {
      'hub/one': /the disk of data_dir .* is (9\d|100) % full, .* are free: nothing is taken in when it is full; make room/,
    },
  },
  {
    name: 'archive-disk-filling',
    what: 'the disk of the archive is filled up to 96 %',
    mended: 'there is room again',
    make: ({ archiveDisk }) => archiveDisk.fillUp(diskBytes / 25),
    repair: ({ archiveDisk }) => archiveDisk.makeRoom(),
    node: 'output/archive',
    colour: 'red',
    reason: /the disk of the archive .* is 9\d % full, .* are free: the archive waits when it is full; make room/,
  },
  {
    name: 'archive-read-only',
    what: 'the folder of the archive becomes read-only',
    mended: 'it may be written again',
    make: (bed) => bed.mount('-o', 'remount,ro', bed.archive),
    repair: (bed) => bed.mount('-o', 'remount,rw', bed.archive),
    node: 'output/archive',
    colour: 'yellow',
    reason:
      /objects of the archive cannot be written: what is for it waits in the queue \(EROFS: read-only file system, open .*\)/,
    also: { 'topic/back/*': /: archive gets nowhere although (an entry waits|entries wait) for it: / },
  },
  {
    name: 'archive-gone',
    what: 'the disk of the archive is not mounted any more',
    mended: 'it is mounted again',
    make: (bed) => bed.mount('--move', bed.archive, bed.scratch.file('aside')),
    repair: (bed) => bed.mount('--move', bed.scratch.file('aside'), bed.archive),
    node: 'output/archive',
    colour: 'yellow',
    reason: /objects of the archive cannot be written: .* has no \.tributary-site any more, .*: mount the disk of the archive/,
    also: { 'topic/back/*': /: archive gets nowhere although (an entry waits|entries wait) for it: / },
  },
  {
    name: 'store-filling',
    what: 'a paused channel fills the store to nine tenths',
    mended: 'the channel is resumed',
    make: async (bed) => {
      await bed.command(bed.site, 'channel', 'pause', 'shop/push');
      for (let number = 0; number < 13; number += 1) await bed.push(bed.site, 'push', noise(0.93));
    },
    repair: (bed) => bed.command(bed.site, 'channel', 'resume', 'shop/push'),
    node: 'store',
    colour: 'yellow',
    reason: /the store fills up: \d\d % of queue\.max_bytes wait in it; see which output is behind, or give it more room/,
    also: {
      'topic/front/shop/push': /group pipeline is paused by .*tributary-hub channel resume ends it/,
      'topic/*/shop/push': /what waits for .* of what its topic may hold: .*; see what holds .* up/,
    },
    // Until they are archived the documents are there beside the records that they were made of.
    meanwhile: { store: /the store is full, and nothing more is taken in: .*; see which output is behind/ },
  },
  {
    name: 'agent-buffer-full',
    what: 'an agent may send only a little, and more is written than its buffer holds',
    mended: 'it may send as much as it can',
    make: async (bed) => {
      await restartBusy(bed, '16KiB');
      appendFileSync(`${bed.agentCalled('busy').logs}/app.log`, noise(8));
    },
    repair: (bed) => restartBusy(bed, undefined),
    node: 'agent/busy',
    colour: 'red',
    reason: /its buffer is full: files wait in place, .*; see why it cannot send, or give it more room/,
    also: {
      'agent/busy': /its buffer is \d+ % full of what no hub has acknowledged: see why it cannot send/,
      'agent/busy/input/file-1': isBehind,
    },
    // What it sends at once, then, is nearly as much as the store holds.
    meanwhile: {
      'agent/busy': /is not connected since .*\(it was stopped: /,
      store: /the store fills up: \d\d % of queue\.max_bytes/,
    },
  },
  {
    name: 'agent-disk-full',
    what: "the disk of an agent's buffer is filled up by something else",
    mended: 'there is room again',
    make: (bed) => {
      bed.agentDisk.fillUp(0);
      // Little has room for long in what its log has already.
      appendFileSync(`${bed.agentCalled('narrow').logs}/app.log`, noise(1));
    },
    repair: ({ agentDisk }) => agentDisk.makeRoom(),
    node: 'agent/narrow',
    colour: 'red',
    reason: /the disk of its buffer is full: nothing more is read; make room there/,
    also: { 'agent/narrow/input/file-1': isBehind },
  },
];

/** Lines that do not compress. */
function noise(megabytes: number): string {
  return Array.from({ length: megabytes * 1000 }, noisyLine).join('');
}

function noisyLine(): string {
  return `${randomBytes(750).toString('base64')}\n`;
}

async function restartBusy(bed: DisksBed, rateLimit: string | undefined): Promise<void> {
  const agent = bed.agentCalled('busy');
  await agent.host.program.stop();
  agent.config['rate_limit'] = rateLimit;
  await agent.host.start();
  await bed.connected(agent);
}
