import type { CaseGroup } from '../file-case.ts';
import { others } from '../others.ts';
import type { LogFile } from '../log-file.ts';

const java =
  '2026-11-21 ERROR request failed\njava.lang.IllegalStateException: no session\n\tat shop.Cart.open(Cart.java:17)\n\tat shop.Main.main(Main.java:5)\n' +
  'Caused by: java.io.IOException: closed\n\tat shop.Store.read(Store.java:99)\n\t... 2 more\n';
const python =
  'ERROR job 7 failed\nTraceback (most recent call last):\n  File "job.py", line 3, in run\n    work()\n  File "job.py", line 9, in work\n' +
  "    raise ValueError('no')\nValueError: no\n";
const go =
  'panic: runtime error: index out of range [5] with length 3\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/main.go:8 +0x1d\nexit status 2\n';
const node =
  'TypeError: x is not a function\n    at handle (/srv/app.js:10:3)\n    at Server.emit (node:events:520:28) {\n  code: 17\n}\n';

export const records: CaseGroup = {
  name: 'records',
  title: 'Records of several lines',
  interruption: 'agent-stopped',
  broken: {
    change: 'a record that may go on is not held (read-turn.ts)',
    failed: ['counted_lines', 'trace_across_restart', 'trace_across_rotation'],
  },
  cases: [
    ...[
      { preset: 'java', trace: java },
      { preset: 'python', trace: python },
      { preset: 'go', trace: go },
      { preset: 'node', trace: node },
    ].map(({ preset, trace }) => ({
      name: `preset_${preset}`,
      title: `traces of ${preset} between single lines`,
      result: 'each trace is one record',
      inputs: multiline({ preset, timeout: '300ms' }),
      run: (it: Parameters<CaseGroup['cases'][number]['run']>[0]): void => {
        const log = it.open('app.log');
        for (let index = 0; index < 20; index += 1) {
          log.write(it.lines(1));
          log.write(trace);
          it.expect(trace);
        }
        log.write(it.lines(1));
      },
    })),
    {
      name: 'trace_across_rotation',
      title: 'a trace is written in two parts, and its file is renamed in between',
      others: [others.filebeatMultiline],
      result: 'one record',
      inputs: multiline({ preset: 'java', timeout: '1h' }),
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(2));
        log.write(java.slice(0, 80));
        await it.readUpTo(log.path);
        log.rename(it.path('app.log.1'));
        log.write(java.slice(80));
        it.expect(java);
        log.write(it.lines(1));
        log.write('held\n');
        it.open('app.log').write('held\n');
      },
    },
    {
      name: 'trace_across_restart',
      title: 'a trace of which half is written before the agent stops, and half after',
      result: 'one record',
      inputs: multiline({ preset: 'java', timeout: '1h' }),
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(2));
        log.write(java.slice(0, 100));
        await it.readUpTo(log.path);
        await it.interrupted(() => log.write(java.slice(100)));
        it.expect(java);
        log.write(it.lines(1));
        log.write('held\n');
      },
    },
    {
      name: 'trace_at_the_end',
      title: 'the last trace of a file that is not written any more',
      result: 'sent after `timeout`',
      inputs: multiline({ preset: 'python', timeout: '200ms' }),
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(1));
        log.write(python);
        it.expect(python);
        await it.arrived();
      },
    },
    {
      name: 'start_pattern',
      title: '`start`: a record begins with each line that has a date',
      inputs: multiline({ start: '^\\d{4}-', timeout: '300ms' }),
      result: 'each record from its date to the line before the next',
      run: (it) => {
        const log = it.open('app.log');
        for (let index = 0; index < 50; index += 1) {
          const record = `2026-11-21 record ${index}\n${'  more of it\n'.repeat(index % 4)}`;
          log.write(record);
          it.expect(record);
        }
      },
    },
    {
      name: 'continuation_pattern',
      title: '`continuation`: a line that begins with a space belongs to the one before it',
      inputs: multiline({ continuation: '^\\s', timeout: '300ms' }),
      result: 'each record with what belongs to it',
      run: (it) => {
        const log = it.open('app.log');
        for (let index = 0; index < 50; index += 1) {
          const record = `record ${index}\n${' continued\n'.repeat(index % 3)}`;
          log.write(record);
          it.expect(record);
        }
      },
    },
    {
      name: 'end_pattern',
      title: '`end`: a record ends with each line that is a semicolon',
      inputs: multiline({ end: ';$', timeout: '1h' }),
      result: 'each statement is one record',
      run: (it) => {
        const log = it.open('app.log');
        for (let index = 0; index < 50; index += 1) {
          const record = `select ${index}\n${'  from a\n'.repeat(index % 3)}where b;\n`;
          log.write(record);
          it.expect(record);
        }
      },
    },
    {
      name: 'counted_lines',
      title: '`count: 3`, written line by line across a restart',
      inputs: multiline({ count: 3, timeout: '1h' }),
      result: 'three lines are a record, wherever the agent stopped',
      run: async (it) => {
        const log = it.open('app.log');
        const write = (from: number, to: number): void => {
          for (let index = from; index < to; index += 1) log.write(`line ${index}\n`);
        };
        for (let index = 0; index < 30; index += 3) it.expect(`line ${index}\nline ${index + 1}\nline ${index + 2}\n`);
        write(0, 13);
        await it.readUpTo(log.path);
        await it.interrupted(() => write(13, 14));
        write(14, 30);
      },
    },
    {
      name: 'trace_and_copytruncate',
      title: 'traces in a file that is copied away and truncated',
      inputs: (folder, name) => multiline({ preset: 'java', timeout: '200ms' })(folder, name),
      result: 'each trace is one record, none is cut or joined with another',
      run: async (it) => {
        const log = it.open('app.log');
        for (let round = 0; round < 3; round += 1) {
          log.write(it.lines(1));
          log.write(java);
          it.expect(java);
          await it.arrived();
          log.truncate();
        }
        log.write(it.lines(1));
      },
    },
    {
      name: 'too_many_lines',
      title: '`max_lines: 10`, and a record of 25 lines',
      inputs: multiline({ start: '^begin', max_lines: 10, timeout: '200ms' }),
      result: 'cut after each tenth line; what goes on is marked partial',
      run: (it) => {
        const log = it.open('app.log');
        const lines = Array.from({ length: 25 }, (_, index) => `${index === 0 ? 'begin' : 'line'} ${index}\n`);
        log.write(lines.join(''));
        it.expect(lines.slice(0, 10).join(''), 'main', 'partial');
        it.expect(lines.slice(10, 20).join(''), 'main', 'partial');
        it.expect(lines.slice(20).join(''));
      },
    },
    {
      name: 'excluded_lines',
      title: '`filters.exclude` leaves out two of three lines, across a rotation and a restart',
      inputs: () => [{ filters: { exclude: ['DEBUG', 'TRACE'] } }],
      result: 'the others arrive at the positions they have in the file',
      run: async (it) => {
        const log = it.open('app.log');
        const write = (file: LogFile, sequence: string): void => {
          for (let index = 0; index < 20; index += 1) {
            file.write(`DEBUG ${index}\n`);
            file.write(it.lines(1, sequence));
            file.write(`TRACE ${'x'.repeat(index)}\n`);
          }
        };
        write(log, 'old');
        await it.arrived();
        await it.interrupted(() => write(log, 'old'));
        log.rename(it.path('app.log.1'));
        write(it.open('app.log'), 'new');
        it.check((arrived) => {
          const first = arrived.filter(({ stream }) => stream === arrived[0]?.stream);
          const positions = first.map(({ position }) => position);
          if (positions[0] !== 'DEBUG 0\n'.length) throw new Error(`the first position is ${positions[0]}`);
        });
      },
    },
    {
      name: 'all_lines_excluded',
      title: 'a file of which a filter leaves out everything, and then one line less than that',
      inputs: () => [{ filters: { include: ['WANTED'] } }],
      result: 'the one line',
      run: async (it) => {
        const log = it.open('app.log');
        log.write('nothing\n'.repeat(1000));
        await it.readUpTo(log.path);
        await it.interrupted(() => log.write('nothing\n'.repeat(1000)));
        log.write('WANTED at last\n');
        it.expect('WANTED at last\n');
        it.check(([record]) => {
          if (record?.position !== 16_000) throw new Error(`its position is ${record?.position}`);
        });
      },
    },
  ],
};

function multiline(options: Readonly<Record<string, unknown>>): NonNullable<CaseGroup['cases'][number]['inputs']> {
  return () => [{ multiline: options }];
}
