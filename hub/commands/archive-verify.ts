/** `archive verify`: whether the archive is what was written. It reads the store and the index, beside a running hub or without one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { formatBytes } from '@tributary/shared/options/units.ts';
import { printable } from '@tributary/shared/printable.ts';
import { FrameCiphers } from '../outputs/archive/frame-cipher.ts';
import { type ArchiveProblem, verifyArchive, type VerifySums } from '../outputs/archive/index/verify.ts';
import type { ArchiveQuery } from '../outputs/archive/search/query.ts';
import { openStore } from '../outputs/archive/store/open-store.ts';
import { placeOf } from '../outputs/archive/store/store-spec.ts';
import { type ArchivePlace, archivePlace, objectsFor } from './archive-place.ts';
import { timeRangeOf, type TimeRangeOptions } from './archive-time-range.ts';
import { type CommandHost, type ExitCode, exitCode, UsageError } from './exit.ts';
import type { ConfigRequest } from './load-config.ts';
import { jsonLine } from './tables.ts';

/** As typed. */
export interface VerifyOptions extends ConfigRequest, TimeRangeOptions {
  readonly dataDir?: string | undefined;
  readonly tenant?: string | undefined;
  readonly type?: string | undefined;
  readonly quick: boolean;
  readonly json: boolean;
}

const progressMs = 2000;
/** What is written just now has its row in a moment. */
const graceMs = 300_000;
/** What was being removed when it was looked for is gone then, with its row. */
const lookAgainMs = 1000;

export async function archiveVerifyCommand(options: VerifyOptions, host: CommandHost): Promise<ExitCode> {
  const query = queryOf(options, Date.now());
  const place = await archivePlace(options, host);
  const beforeMs = Date.now() - graceMs;
  const { objects } = await objectsFor(place, channelsOf(query), host);
  const problems: ArchiveProblem[] = [];
  const namesNow = async (): Promise<ReadonlySet<string>> => {
    await sleep(lookAgainMs);
    const found = await objectsFor(place, channelsOf(query), host);
    return new Set(found.objects.map(({ name }) => name));
  };
  await using store = openStore(place.archive.store);
  const sums = await verifyArchive({
    store,
    ciphers: new FrameCiphers(place.archive.encryption),
    objects,
    namesNow,
    query,
    quick: options.quick,
    beforeMs,
    onProblem: (problem) => {
      problems.push(problem);
      if (!options.json) host.err(`${problemText(problem)}\n`);
    },
    onProgress: progress(host),
  });
  if (options.json) await host.out(jsonLine({ place: placeOf(place.archive.store), ...sums, problems }));
  else await host.out(verdictText(place, options, sums));
  return problems.length === 0 ? exitCode.done : exitCode.failed;
}

function queryOf(options: VerifyOptions, nowMs: number): ArchiveQuery {
  const { tenant, type } = options;
  for (const [name, value] of Object.entries({ tenant, type })) {
    if (value !== undefined && !/^[a-z0-9_]{1,50}$/.test(value))
      throw new UsageError(`--${name}: ${JSON.stringify(value)} cannot be one; names are 1 to 50 of a-z, 0-9 and _`);
  }
  return { ...timeRangeOf(options, nowMs), ...(tenant !== undefined && { tenant }), ...(type !== undefined && { type }) };
}

/** Chains and manifests are looked at whole, whatever times are read. */
function channelsOf({ tenant, type }: ArchiveQuery): ArchiveQuery {
  return { ...(tenant !== undefined && { tenant }), ...(type !== undefined && { type }) };
}

function problemText({ kind, object, text }: ArchiveProblem): string {
  return printable(`${kind}: ${object}: ${text}`);
}

function verdictText(
  place: ArchivePlace,
  { quick }: VerifyOptions,
  { objects, bytes, problems, kept, chains }: Readonly<VerifySums>,
): string {
  const read = quick ? 'sizes of' : 'all bytes of';
  const beside = kept === 0 ? '' : `; ${kept} objects stay beside others that needed their names`;
  const verdict = problems === 0 ? 'nothing is missing, damaged or altered' : `${problems} problems`;
  return `${placeOf(place.archive.store)}: ${read} ${objects} objects (${formatBytes(bytes)}), ${chains.length} chains: ${verdict}${beside}\n`;
}

function progress(host: CommandHost): (sums: Readonly<VerifySums>) => void {
  let toldMs = performance.now();
  return ({ objects, bytes }) => {
    if (performance.now() - toldMs < progressMs) return;
    toldMs = performance.now();
    host.err(`${objects} objects verified, ${formatBytes(bytes)}\n`);
  };
}
