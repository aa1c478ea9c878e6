import type { CaseGroup } from '../file-case.ts';
import { others } from '../others.ts';

const lineBytes = 100 * 1024 * 1024;
const recordBytes = 1024 * 1024;

export const longLine: CaseGroup = {
  name: 'long_line',
  title: 'A line of 100 MiB',
  interruption: 'none',
  broken: {
    change: 'pieces of a long line are one byte too short (lines.ts)',
    failed: ['line_of_100_mib'],
  },
  cases: [
    {
      name: 'line_of_100_mib',
      title: 'a line of 100 MiB between two others',
      others: [others.fluentBitLongLine, others.vectorLongLine, others.otelLongLine],
      result: 'cut into records of max_line_bytes that are marked partial; not a byte is missing',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(1));
        for (let at = 0; at < lineBytes; at += recordBytes) {
          const part = Buffer.alloc(recordBytes, `${at / recordBytes} of the long line. `);
          log.write(part);
          if (at === lineBytes / 2) await it.found(log.path);
          // The last piece is just as long as a record may be, and ends the line.
          if (at + recordBytes < lineBytes) it.expect(part, 'main', 'partial');
          else it.expect(Buffer.concat([part, Buffer.from('\n')]));
        }
        log.write('\n');
        log.write(it.lines(1));
      },
    },
  ],
};
