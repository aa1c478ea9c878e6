import { HubHost } from '../harness/hub-host.ts';
import { parseJson, textAt } from '../harness/json.ts';
import { Scratch } from '../harness/scratch.ts';
import { plainFigure, type Measurement } from './figure.ts';
import { makeArchive } from './made-archive.ts';
import { median } from './measure.ts';

const hourMs = 3_600_000;
/** With --full 10 GB of raw log; otherwise a tenth of it, which takes a tenth of the time to make. */
const bytes = { full: 10e9, usual: 1e9 };
/** In about one line of 2,000, an expression, a field query, and all there is. */
const queries = ['text=elapsed%3D777ms', 'regex=elapsed%3D7%5B0-9%5D%2Bms', 'query=elapsed%20AND%20host%3Aweb7', ''];

/** The first record of the last hour through the HTTP API, over a large archive; the worst of several kinds of searches. */
export const searchFirstResults: Measurement = {
  figures: ['search-first-results'],
  long: true,
  measure: async ({ programs, log, runs, note, full }) => {
    await using scratch = await Scratch.make();
    const config = { listeners: { http: { address: '127.0.0.1:0' } }, outputs: [{ kind: 'archive' }] };
    await using hub = new HubHost({ programs, scratch, config });
    await hub.start();
    const rawBytes = full ? bytes.full : bytes.usual;
    const startedMs = performance.now();
    const objects = await makeArchive({ folder: hub.archive, rawBytes, log, untilMs: Date.now(), spanMs: 24 * hourMs });
    const reindexed = await hub.run('archive', 'reindex', '--config', hub.configPath);
    if (reindexed.code !== 0) throw new Error(`archive reindex ended with ${reindexed.code}\n${reindexed.stderr}`);
    const seconds = (performance.now() - startedMs) / 1000;
    note(
      `search-first-results: ${(rawBytes / 1e9).toFixed(0)} GB of raw log in ${objects} objects of a day, made in ${seconds.toFixed(0)} s`,
    );
    const ask = await askerOf(hub);
    const worst: number[] = [];
    for (const query of queries) {
      const times: number[] = [];
      for (let run = 0; run < runs; run += 1) times.push(await ask(query));
      note(
        `${query === '' ? 'everything' : decodeURIComponent(query)}: first record after ${(1000 * median(times)).toFixed(0)} ms`,
      );
      worst.push(median(times));
    }
    return [plainFigure('search-first-results', 's', Math.max(...worst), { atMost: 1 })];
  },
};

/** Seconds until the first record has come. */
async function askerOf(hub: HubHost): Promise<(query: string) => Promise<number>> {
  const made = await hub.run('token', 'create', '--tenant', '*', '--scope', 'read', '--json', '--config', hub.configPath);
  if (made.code !== 0) throw new Error(`token create ended with ${made.code}\n${made.stderr}`);
  const headers = { authorization: `Bearer ${textAt(parseJson(made.stdout), 'token')}`, accept: 'application/x-ndjson' };
  const url = `http://127.0.0.1:${await hub.portOf('http')}/api/v1/search`;
  return async (query) => {
    const cut = new AbortController();
    const startedMs = performance.now();
    const response = await fetch(`${url}?from=now-1h&${query}`, { headers, signal: cut.signal });
    const seconds = await firstRecord(response, startedMs);
    cut.abort();
    return seconds;
  };
}

async function firstRecord({ body, status }: Response, startedMs: number): Promise<number> {
  let text = '';
  if (body === null) throw new Error(`status ${status} and nothing else`);
  for await (const part of body.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes('{"record":')) return (performance.now() - startedMs) / 1000;
  }
  throw new Error(`nothing was found: ${text.slice(0, 300)}`);
}
