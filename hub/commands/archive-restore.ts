/**
 * `archive restore`: archived lines through a pipeline again, as documents for a file, or into a log type of the running hub. What is
 * restored into a log type is there once, however often it is restored: the hub keeps a book of it (outputs/archive/restore).
 */
import { availableParallelism } from 'node:os';
import { suggest } from '@tributary/shared/options/suggest.ts';
import { printable } from '@tributary/shared/printable.ts';
import { FrameCiphers } from '../outputs/archive/frame-cipher.ts';
import { DocumentFile, DocumentStream } from '../outputs/archive/restore/document-file.ts';
import { LineProcessor } from '../outputs/archive/restore/line-processor.ts';
import { RestoreRun, type RestoreSums, type RestoreTarget } from '../outputs/archive/restore/restore-run.ts';
import { type ArchiveQuery, canMatch } from '../outputs/archive/search/query.ts';
import { openStore } from '../outputs/archive/store/open-store.ts';
import { placeOf } from '../outputs/archive/store/store-spec.ts';
import { pipelineThreadsMax } from '../processing/limits.ts';
import { archivePlace, objectsFor } from './archive-place.ts';
import { timeRangeOf, type TimeRangeOptions } from './archive-time-range.ts';
import { runningHub } from './ask-running-hub.ts';
import { recordSearch } from './audit-search.ts';
import { type CommandHost, type ExitCode, exitCode, UsageError } from './exit.ts';
import { type ConfigRequest, loadConfig } from './load-config.ts';
import { type NamedPipeline, restorePipeline } from './restore-pipeline.ts';
import { HubTarget } from './restore-to-hub.ts';
import { jsonLine } from './tables.ts';

/** As typed. */
export interface RestoreOptions extends ConfigRequest, TimeRangeOptions {
  readonly channel: string;
  readonly pipeline: string;
  readonly host?: string | undefined;
  readonly output?: string | undefined;
  readonly into?: string | undefined;
  readonly json: boolean;
}

interface Restore {
  readonly options: RestoreOptions;
  readonly query: ArchiveQuery & { readonly tenant: string; readonly type: string };
  readonly pipeline: NamedPipeline;
  readonly host: CommandHost;
}

const standardOutput = '-';
const progressMs = 2000;

export async function archiveRestoreCommand(options: RestoreOptions, host: CommandHost): Promise<ExitCode> {
  const query = queryOf(options, Date.now());
  const pipeline = await restorePipeline(loadConfig(options, host).pipelines_dir, options.pipeline);
  const restore = { options, query, pipeline, host };
  const unknown = await notArchived(restore);
  if (unknown !== undefined) {
    host.err(`tributary-hub: ${unknown}\n`);
    return exitCode.failed;
  }
  const { into, output = standardOutput } = options;
  if (into !== undefined) return tell(restore, await intoHub(restore, into));
  const place = await archivePlace(options, host);
  const record = recordSearch(place, query, host);
  await record.begin();
  let sums: Readonly<RestoreSums>;
  if (output === standardOutput) sums = await run(restore, new DocumentStream((text) => host.out(text)));
  else {
    using file = openFile(output);
    sums = await run(restore, new DocumentStream((text) => file.write(text)));
    if (isWhole(sums)) file.finish();
    else host.err(`tributary-hub: ${output} was not written: it would lack documents\n`);
  }
  await record.finish();
  return tell(restore, sums);
}

/** Of the whole log type nothing is in the archive: it is misspelt, or another hub has it. */
async function notArchived({ options, query, host }: Restore): Promise<string | undefined> {
  const { tenant, type } = query;
  const place = await archivePlace(options, { ...host, err: () => undefined });
  const { objects } = await objectsFor(place, { tenant, type }, { ...host, err: () => undefined });
  if (objects.some((object) => canMatch(object, { tenant, type }))) return undefined;
  const channels = [...new Set(objects.map(({ channel }) => channel))].toSorted();
  const meant = suggest(options.channel, channels);
  const hint = meant === undefined ? 'tributary-hub channel list shows what there is' : `did you mean ${meant}?`;
  return `nothing of ${options.channel} is in the archive ${placeOf(place.archive.store)}: ${hint}`;
}

async function intoHub(restore: Restore, into: string): Promise<Readonly<RestoreSums>> {
  const { options, query, pipeline, host } = restore;
  const { tenant, type, sinceMs, untilMs, host: machine } = query;
  const target = await HubTarget.open({
    ask: runningHub(options, { ...host, err: () => undefined }),
    request: {
      tenant,
      type,
      into,
      pipeline: options.pipeline,
      sha256: pipeline.sha256,
      ...(sinceMs !== undefined && { since: new Date(sinceMs).toISOString() }),
      ...(untilMs !== undefined && { until: new Date(untilMs).toISOString() }),
      ...(machine !== undefined && { host: machine }),
    },
    onWaiting: () => host.err(`tributary-hub: the topic of ${tenant}/${into} is full: it goes on when its readers have\n`),
  });
  return run(restore, target);
}

async function run({ options, query, pipeline, host }: Restore, target: RestoreTarget): Promise<Readonly<RestoreSums>> {
  const place = await archivePlace(options, { ...host, err: () => undefined });
  const { objects } = await objectsFor(place, query, host);
  const { scripts } = loadConfig(options, { ...host, err: () => undefined });
  const threads = Math.max(1, Math.min(pipelineThreadsMax, availableParallelism() - 1));
  const from = `${query.tenant}/${query.type}`;
  const channel = options.into === undefined ? from : `${query.tenant}/${options.into}`;
  const limits = { memoryBytes: scripts.memory_limit, scripts: { timeLimitMs: scripts.time_limit } };
  await using processor = new LineProcessor({ pipeline, channel, from, threads, limits });
  const chosen = objects.filter((object) => canMatch(object, query));
  const onProgress = progress(host);
  await using store = openStore(place.archive.store);
  return await new RestoreRun({
    archive: { store, ciphers: new FrameCiphers(place.archive.encryption) },
    objects: chosen,
    query,
    processor,
    target,
    ahead: threads + 1,
    onProgress,
  }).run();
}

function queryOf(options: RestoreOptions, nowMs: number): Restore['query'] {
  const [, tenant, type] = /^([a-z0-9_]{1,50})\/([a-z0-9_]{1,50})$/.exec(options.channel) ?? [];
  if (tenant === undefined || type === undefined)
    throw new UsageError('a channel is TENANT/TYPE, as tributary-hub channel list shows them');
  const { into, output, host } = options;
  if (into !== undefined && output !== undefined) throw new UsageError('give --into or --output, not both');
  if (into !== undefined && !/^[a-z0-9_]{1,50}$/.test(into))
    throw new UsageError('--into: a log type is 1 to 50 of a-z, 0-9 and _, of the same tenant');
  if (host === '') throw new UsageError('--host: name a machine');
  return { tenant, type, ...timeRangeOf(options, nowMs), ...(host !== undefined && { host }) };
}

function openFile(path: string): DocumentFile {
  try {
    return new DocumentFile(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`--output: ${path} cannot be written (${reason})`, { cause });
  }
}

function progress(host: CommandHost): (sums: Readonly<RestoreSums>) => void {
  let toldMs = performance.now();
  return ({ objects, objectsAll, lines }) => {
    if (performance.now() - toldMs < progressMs) return;
    toldMs = performance.now();
    host.err(`${objects} of ${objectsAll} objects read, ${lines} lines done\n`);
  };
}

function isWhole({ problems }: Readonly<RestoreSums>): boolean {
  return problems.length === 0;
}

/** On standard error where the documents themselves are on the other one. */
async function tell({ options, host }: Restore, sums: Readonly<RestoreSums>): Promise<ExitCode> {
  const { into, output = standardOutput, json } = options;
  const { objects, lines, documents, alreadyThere, problems, problemsMore } = sums;
  for (const problem of problems) host.err(`tributary-hub: ${printable(problem)}\n`);
  if (problemsMore > 0) host.err(`tributary-hub: and ${problemsMore} more\n`);
  if (json) {
    const text = jsonLine({ objects, lines, documents, alreadyThere, problems: problems.length + problemsMore });
    if (into === undefined && output === standardOutput) host.err(text);
    else await host.out(text);
  } else {
    const made = Object.entries(documents).map(([type, count]) => `${count} of ${type}`);
    const there = alreadyThere === 0 ? '' : `; ${alreadyThere} rows had been restored before`;
    host.err(`${lines} lines of ${objects} objects: documents ${made.join(', ') || 'none'}${there}\n`);
  }
  return isWhole(sums) ? exitCode.done : exitCode.failed;
}
