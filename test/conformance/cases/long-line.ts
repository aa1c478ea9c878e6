import type { CaseGroup } from '../file-case.ts';

const lineBytes = 100 * 1024 * 1024;
const recordBytes = 1024 * 1024;

export const longLine: CaseGroup = {
  name: 'long_line',
  title: 'A line of 100 MiB',
  interruption: 'none',
  broken: { change: '', failed: [] },
  cases: [
    {
      name: 'line_of_100_mib',
      title: 'a line of 100 MiB between two others',
      result: 'cut into records of max_line_bytes that are marked partial; not a byte is missing',
      others: [
        {
          program: 'Fluent Bit',
          says: 'a line longer than Buffer_Max_Size stopped the file; since 2025 it can be truncated',
          reference: 'https://github.com/fluent/fluent-bit/issues/370',
        },
        {
          program: 'Vector',
          says: 'it is discarded',
          reference: 'https://vector.dev/docs/reference/configuration/sources/file/#max_line_bytes',
        },
        {
          program: 'OpenTelemetry',
          says: 'it is split at 1 MiB',
          reference:
            'https://github.com/open-telemetry/opentelemetry-collector-contrib/blob/main/receiver/filelogreceiver/README.md',
        },
      ],
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
