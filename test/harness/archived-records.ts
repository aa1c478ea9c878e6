/** Records of one channel as an archive has them, and how they are waited for. */
import { type ArchivedStream, readArchive } from './read-archive.ts';
import type { Stack } from './stack.ts';
import { until } from './until.ts';

/** Streams of a channel, in the archive's order, as soon as it holds so many rows of it. */
export async function archivedStreams(stack: Stack, channel: string, rows: number): Promise<readonly ArchivedStream[]> {
  let seen = 0;
  return await until(
    `${rows} rows of ${channel} are archived`,
    async () => {
      const streams = (await readArchive(stack.hub.archive)).filter((stream) => stream.channel === channel);
      seen = streams.reduce((sum, stream) => sum + stream.rows, 0);
      return seen >= rows ? streams : undefined;
    },
    { deadlineMs: 120_000, everyMs: 250, detail: () => `${seen} rows are there\n${stack.tail()}` },
  );
}
