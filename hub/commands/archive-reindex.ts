/** `archive reindex`: the index made again from the store alone. The running hub adds the rows, as only it writes to its store. */
import { printable } from '@tributary/shared/printable.ts';
import { reindexArchive, type ReindexSums } from '../outputs/archive/index/reindex.ts';
import { indexPath } from '../outputs/archive/index/requests.ts';
import { openStore } from '../outputs/archive/store/open-store.ts';
import { placeOf } from '../outputs/archive/store/store-spec.ts';
import type { ArchiveObject } from '../queue/queue.ts';
import { archivePlace, objectsFor } from './archive-place.ts';
import { runningHub } from './ask-running-hub.ts';
import { type CommandHost, type ExitCode, exitCode, UsageError } from './exit.ts';
import type { ConfigRequest } from './load-config.ts';
import { jsonLine } from './tables.ts';

/** As typed. */
export interface ReindexOptions extends ConfigRequest {
  readonly tenant?: string | undefined;
  readonly type?: string | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
}

const progressMs = 2000;

export async function archiveReindexCommand(options: ReindexOptions, host: CommandHost): Promise<ExitCode> {
  const { tenant, type, dryRun, json } = options;
  for (const [name, value] of Object.entries({ tenant, type }))
    if (value !== undefined && !/^[a-z0-9_]{1,50}$/.test(value))
      throw new UsageError(`--${name}: ${JSON.stringify(value)} cannot be one`);
  const place = await archivePlace(options, host);
  const ask = runningHub(options, { ...host, err: () => undefined });
  // Nothing is read before it is known that a hub takes it.
  if (!dryRun) await ask({ method: 'POST', path: indexPath, body: { objects: [] } });
  const chosen = { ...(tenant !== undefined && { tenant }), ...(type !== undefined && { type }) };
  const { objects } = await objectsFor(place, chosen, host);
  const add = async (rows: readonly ArchiveObject[]): Promise<number> => {
    const { added } = await ask({ method: 'POST', path: indexPath, body: { objects: rows } });
    return Number(added);
  };
  await using store = openStore(place.archive.store);
  const sums = await reindexArchive({
    store,
    choice: chosen,
    known: new Set(objects.map(({ name }) => name)),
    add: dryRun ? undefined : add,
    onProblem: (object, text) => host.err(`tributary-hub: ${printable(`${object}: ${text}`)}\n`),
    onProgress: progress(host),
  });
  await host.out(
    json
      ? jsonLine({ place: placeOf(place.archive.store), dryRun, ...sums })
      : sumsText(placeOf(place.archive.store), sums, dryRun),
  );
  return sums.problems === 0 ? exitCode.done : exitCode.failed;
}

function sumsText(
  place: string,
  { objects, known, added, chains, kept, problems }: Readonly<ReindexSums>,
  dryRun: boolean,
): string {
  const would = dryRun ? 'would be ' : '';
  const ends = chains === 0 ? '' : `; ends of ${chains} chains ${would}written again`;
  const beside = kept === 0 ? '' : `; ${kept} objects that stay beside others are not added`;
  const bad = problems === 0 ? '' : `; ${problems} cannot be added`;
  return `${place}: ${objects} objects, ${known} in the index already, ${added} ${would}added${ends}${beside}${bad}\n`;
}

function progress(host: CommandHost): (sums: Readonly<ReindexSums>) => void {
  let toldMs = performance.now();
  return ({ objects, added }) => {
    if (performance.now() - toldMs < progressMs) return;
    toldMs = performance.now();
    host.err(`${objects} objects found, ${added} added\n`);
  };
}
