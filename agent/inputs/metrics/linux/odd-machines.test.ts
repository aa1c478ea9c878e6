/** Machines that are not as they should be: what cannot be read is left out, and nothing throws but a set that has nothing at all. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import * as fc from 'fast-check';
import { ManualClock } from '../../testing/manual-clock.ts';
import { eventually } from '../../testing/input-under-test.ts';
import { fieldAt, numbersIn, testMetricsOptions } from '../testing/metric-fields.ts';
import { FilesystemSet, type FilesystemStat } from './filesystem.ts';
import { DiskioSet } from './diskio.ts';
import { linuxSets } from './linux-sets.ts';
import { mountsOf } from './mounts.ts';
import { greatest, newProcess, type Process, ProcessTable } from './process-table.ts';
import { ProcReader } from './proc-reader.ts';
import { ProcessSet } from './process.ts';
import { Scanner } from './scanner.ts';

const units = { pageBytes: 4096, ticksPerSecond: 100 };

function makeRoot(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'tributary-proc-'));
  t.after(() => rmSync(root, { recursive: true }));
  return root;
}

function write(root: string, path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

interface Stat {
  readonly name?: string;
  readonly user?: number;
  readonly start?: number;
  readonly rssPages?: number;
}

function statLine(pid: number, { name = 'a', user = 0, start = 5, rssPages = 1 }: Stat): string {
  return `${pid} (${name}) S 1 2 3 0 -1 4194560 1 2 3 4 ${user} 0 0 0 20 0 4 0 ${start} 8192 ${rssPages} 18446744073709551615 1 1\n`;
}

test('a process may have any name', async (t) => {
  const root = makeRoot(t);
  for (const [index, name] of ['sh', '', 'a b', ') S 9 9', '((', 'x\ny', '%s'].entries()) {
    write(root, `proc/${index + 10}/stat`, statLine(index + 10, { name, user: 7, rssPages: 3 }));
  }
  const processes = await new ProcessTable(new ProcReader(root), units).look();
  assert.equal(processes.length, 7);
  for (const process of processes) {
    const { ppid, pgid, userTicks, threads, startTicks, sizeBytes, rssBytes } = process;
    assert.deepEqual([ppid, pgid, userTicks, threads, startTicks, sizeBytes, rssBytes], [1, 2, 7, 4, 5, 8192, 3 * 4096]);
  }
});

test('a process that ended, was begun, or has the number of another one', async (t) => {
  const root = makeRoot(t);
  const table = new ProcessTable(new ProcReader(root), units);
  const ran = async (): Promise<unknown> => Object.fromEntries((await table.look()).map(({ pid, ranTicks }) => [pid, ranTicks]));
  write(root, 'proc/10/stat', statLine(10, { user: 1000 }));
  write(root, 'proc/11/stat', statLine(11, { user: 1000 }));
  assert.deepEqual(await ran(), { 10: 0, 11: 0 }, 'what they ran before is not known');
  write(root, 'proc/10/stat', statLine(10, { user: 1010 }));
  rmSync(join(root, 'proc/11'), { recursive: true });
  write(root, 'proc/12/stat', statLine(12, { user: 30, start: 9 }));
  assert.deepEqual(await ran(), { 10: 10, 12: 30 });
  write(root, 'proc/10/stat', statLine(10, { user: 3, start: 77 }));
  write(root, 'proc/12/stat', '');
  assert.deepEqual(await ran(), { 10: 3 }, 'another process has number 10 now; an empty file is no process');
});

test('of very many processes others have a turn in between', async (t) => {
  const root = makeRoot(t);
  for (let pid = 1; pid <= 1000; pid += 1) write(root, `proc/${pid}/stat`, statLine(pid, {}));
  const table = new ProcessTable(new ProcReader(root), units);
  let turns = 0;
  const counted = setInterval(() => (turns += 1), 0);
  assert.equal((await table.look()).length, 1000);
  clearInterval(counted);
  assert.ok(turns >= 2, `${turns} turns`);
});

test('the arguments of a process that waits for a disk are not asked for: that may wait as well', async (t) => {
  const root = makeRoot(t);
  write(root, 'proc/uptime', '100.5 1\n');
  for (const pid of [10, 11]) {
    write(root, `proc/${pid}/comm`, 'x\n');
    write(root, `proc/${pid}/cmdline`, 'x\0--y\0');
  }
  write(root, 'proc/10/stat', statLine(10, {}));
  write(root, 'proc/11/stat', statLine(11, {}).replace(') S', ') D'));
  const set = new ProcessSet({ reader: new ProcReader(root), units, top: 5, commandLines: true });
  await set.measure({ monotonicMs: 0, nowMs: 0 });
  const metrics = await set.measure({ monotonicMs: 1000, nowMs: 1000 });
  const told = metrics.slice(1).map((metric) => [fieldAt(metric, 'process.pid'), fieldAt(metric, 'process.command_line')]);
  assert.deepEqual(told, [
    [10, 'x --y'],
    [11, undefined],
  ]);
});

test('the greatest of many are those that sorting finds', () => {
  const values = fc.array(fc.nat({ max: 50 }), { maxLength: 60 });
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 10 }), (ticks, count) => {
      const processes = ticks.map((ranTicks): Process => ({ ...emptyProcess, ranTicks }));
      const found = greatest(processes, count, ({ ranTicks }) => ranTicks).map(({ ranTicks }) => ranTicks);
      const expected = ticks.filter((value) => value > 0).toSorted((a, b) => b - a);
      assert.deepEqual(found, expected.slice(0, count));
    }),
  );
});

const emptyProcess = newProcess(1, '');

test('a disk that is taken out and put back never counts down', (t) => {
  const root = makeRoot(t);
  mkdirSync(join(root, 'sys/block/sda'), { recursive: true });
  mkdirSync(join(root, 'sys/block/sdb'), { recursive: true });
  const set = new DiskioSet(new ProcReader(root));
  const addedBy = (lines: readonly string[]): unknown => {
    write(root, 'proc/diskstats', lines.join(''));
    return fieldAt(set.measure().at(-1), 'host.disk.read.bytes');
  };
  const disk = (name: string, sectors: number): string => `   8       0 ${name} 10 0 ${sectors} 5 1 0 1 5 0 5 5\n`;
  assert.equal(addedBy([disk('sda', 100), disk('sdb', 100), disk('sda1', 90)]), undefined);
  assert.equal(addedBy([disk('sda', 110)]), 10 * 512, 'the other one was taken out');
  assert.equal(addedBy([disk('sda', 110), disk('sdb', 5)]), 0, 'and put back');
  assert.equal(addedBy([disk('sda', 3), disk('sdb', 6)]), 512, 'and a counter began anew');
});

test('mounts: one per device, with blanks in their names, without what the kernel makes up or others serve', (t) => {
  const root = makeRoot(t);
  const lines = [
    '/dev/sda1 / ext4 rw 0 0',
    'proc /proc proc rw 0 0',
    '/dev/sdb1 /mnt/a\\040b xfs rw 0 0',
    '/dev/sdb1 /mnt/longer/bind xfs rw 0 0',
    'server:/x /mnt/nfs nfs4 rw 0 0',
    'tmpfs /tmp tmpfs rw 0 0',
    '',
    'half',
  ];
  write(root, 'proc/1/mounts', lines.join('\n'));
  const reader = new ProcReader(root);
  const points = (withOthers: boolean, ...exclude: string[]): string[] =>
    mountsOf(reader, { withOthers, exclude }).map(({ point, type }) => `${point} ${type}`);
  assert.deepEqual(points(false), ['/ ext4', '/mnt/a b xfs']);
  assert.deepEqual(points(true), ['/ ext4', '/mnt/a b xfs', '/mnt/nfs nfs4']);
  assert.deepEqual(points(true, '/mnt/a b'), ['/ ext4', '/mnt/nfs nfs4'], 'also by its other mount point');
  assert.deepEqual(points(true, '/mnt/*'), ['/ ext4']);
  assert.deepEqual(points(true, '/mnt/nfs/'), points(false), 'a slash at the end says nothing');
  assert.deepEqual(points(true, '/'), ['/mnt/a b xfs', '/mnt/nfs nfs4']);
  assert.deepEqual(points(true, '/mnt/longer/**', '/mnt'), points(true));
});

test('mount points that the configuration leaves out are not measured', async (t) => {
  const root = makeRoot(t);
  for (const folder of ['a', 'b']) mkdirSync(join(root, folder));
  write(root, 'proc/1/mounts', '/dev/a /a ext4 rw 0 0\n/dev/b /b ext4 rw 0 0\n');
  const options = { ...testMetricsOptions, host_root: root, mount_points_exclude: ['/a'] };
  const set = linuxSets({ options, clock: systemClock }).find(({ name }) => name === 'filesystem');
  const metrics = (await set?.measure({ monotonicMs: 0, nowMs: 0 })) ?? [];
  assert.deepEqual(
    metrics.flatMap((metric) => fieldAt(metric, 'system.filesystem.mount_point') ?? []),
    ['/b'],
  );
});

test('a file system that does not answer is left out until it does, and keeps nobody from the others', async (t) => {
  const root = makeRoot(t);
  write(root, 'proc/1/mounts', '/dev/a /a ext4 rw 0 0\n/dev/b /b ext4 rw 0 0\n');
  const clock = new ManualClock();
  const stat = { bsize: 4096, blocks: 100, bfree: 50, bavail: 40, files: 10, ffree: 5 };
  const hanging = Promise.withResolvers<FilesystemStat>();
  let asked = 0;
  const set = new FilesystemSet({
    reader: new ProcReader(root),
    clock,
    withOthers: false,
    exclude: [],
    statfs: async (path) => {
      asked += 1;
      return path.endsWith('/a') ? await hanging.promise : await Promise.resolve(stat);
    },
  });
  const names = async (measured: ReturnType<FilesystemSet['measure']>): Promise<unknown[]> =>
    (await measured).flatMap((metric) => fieldAt(metric, 'system.filesystem.mount_point') ?? []);
  const first = set.measure();
  await eventually('it waits for the first one', () => clock.sleeping === 1);
  clock.advance(2000);
  assert.deepEqual(await names(first), ['/b']);
  assert.deepEqual(await names(set.measure()), ['/b']);
  assert.equal(asked, 3, 'it is not asked again while it does not answer');
  hanging.resolve(stat);
  await eventually('it answered', async () => (await names(set.measure())).length === 2);
});

test('file systems that do not answer hold two threads at most, those of other machines one', async (t) => {
  const root = makeRoot(t);
  const mount = (name: string, type: string): string => `${name} /${name} ${type} rw 0 0\n`;
  write(
    root,
    'proc/1/mounts',
    ['a', 'b', 'c'].map((name) => mount(name, 'nfs4')).join('') + mount('d', 'ext4') + mount('e', 'xfs'),
  );
  const clock = new ManualClock();
  const asked: string[] = [];
  const set = new FilesystemSet({
    reader: new ProcReader(root),
    clock,
    withOthers: true,
    exclude: [],
    statfs: async (path) => {
      asked.push(path.slice(-2));
      return await Promise.withResolvers<FilesystemStat>().promise;
    },
  });
  for (let time = 0; time < 2; time += 1) {
    let isDone = false;
    const measured = set.measure().then(() => (isDone = true));
    await eventually('it gave up waiting', () => {
      clock.advance(2000);
      return isDone;
    });
    await measured;
  }
  assert.deepEqual(asked, ['/a', '/d']);
});

/** What a set says of an empty machine is a failure of that set, told by the input; never a crash, never a number that is none. */
test('without any file each set gives nothing or says so', async (t) => {
  const options = { ...testMetricsOptions, host_root: makeRoot(t) };
  for (const set of linuxSets({ options, clock: systemClock })) {
    try {
      const metrics = await set.measure({ monotonicMs: 0, nowMs: 0 });
      for (const [path, value] of numbersIn(metrics)) assert.ok(Number.isFinite(value), path);
    } catch (error) {
      assert.ok(error instanceof Error && 'code' in error && error.code === 'ENOENT', `${set.name}: ${String(error)}`);
    }
  }
});

test('whatever the files hold, numbers are numbers and shares are shares', async (t) => {
  const files = ['stat', 'loadavg', 'meminfo', 'diskstats', '1/net/dev', '1/net/sockstat', '1/net/snmp', '7/stat', '7/status'];
  const word = fc.oneof(
    fc.constantFrom('cpu', 'cpu0', 'MemTotal:', 'Tcp:', 'CurrEstab', 'eth0:', ':', ')', '(a)', 'S', 'Uid:', 'TCP:', 'tw', '-1'),
    fc.nat().map(String),
    fc.string({ maxLength: 6 }),
  );
  const content = fc.array(
    fc.array(word, { maxLength: 30 }).map((words) => words.join(' ')),
    { maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(content, { minLength: files.length, maxLength: files.length }), async (contents) => {
      const root = makeRoot(t);
      for (const [index, file] of files.entries()) write(root, `proc/${file}`, (contents[index] ?? []).join('\n'));
      write(root, 'proc/uptime', '100.5 1\n');
      write(root, 'proc/7/comm', 'x\n');
      const sets = linuxSets({ options: { ...testMetricsOptions, host_root: root }, clock: systemClock });
      for (const monotonicMs of [0, 1000]) {
        for (const set of sets) {
          if (set.name === 'filesystem') continue;
          for (const [path, value] of numbersIn(await set.measure({ monotonicMs, nowMs: 1e12 }))) {
            assert.ok(!Number.isNaN(value), path);
            if (path.endsWith('norm.pct')) assert.ok(value >= 0 && value <= 1, `${path} is ${value}`);
          }
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('a file longer than the buffer is read whole, and one that is gone is nothing', (t) => {
  const root = makeRoot(t);
  const lines = Array.from({ length: 30_000 }, (_, index) => `cpu${index} 1 2 3\n`).join('');
  write(root, 'proc/stat', lines);
  const reader = new ProcReader(root);
  assert.equal(reader.read(reader.proc('stat'))?.toString('latin1'), lines);
  assert.equal(reader.read(reader.proc('gone')), undefined);
  assert.equal(reader.read(reader.proc('')), undefined, 'a folder');
  cpSync(join(root, 'proc/stat'), join(root, 'proc/copy'));
  assert.deepEqual(reader.names(reader.proc('gone')), []);
});

test('the scanner reads words and numbers as splitting does', () => {
  const line = fc.array(fc.oneof(fc.nat().map(String), fc.stringMatching(/^[a-z]{1,5}$/)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), (lines) => {
      const scanner = new Scanner(Buffer.from(lines.map((words) => ` ${words.join('\t ')}`).join('\n')));
      for (const words of lines) {
        assert.ok(scanner.line());
        for (const word of words) {
          if (/^\d/.test(word)) assert.equal(scanner.number(), Number(word));
          else assert.equal(scanner.word(), word);
        }
        assert.equal(scanner.word(), '');
        assert.equal(scanner.number(), 0);
      }
      assert.ok(!scanner.line());
    }),
  );
});
