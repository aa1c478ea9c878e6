/** `dlq list|show|replay|drop|status|stop`: what destinations refused, and what readers could not process. */
import { formatBytes } from '@tributary/shared/options/units.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { EntriesDone, EntryView } from '../dead-letters/dead-entry-operations.ts';
import type { DeadLetterView } from '../dead-letters/dead-letter-operations.ts';
import type { LetterFilter } from '../dead-letters/letter-filter.ts';
import type { JobStatus } from '../dead-letters/letter-job.ts';
import type { LetterGroup, ShownLetter } from '../dead-letters/letter-list.ts';
import { type AskHub, HubRefusal, runningHub } from './ask-running-hub.ts';
import { isConfirmed } from './confirmed.ts';
import { type CommandHost, type ExitCode, exitCode, UsageError } from './exit.ts';
import type { ConfigRequest } from './load-config.ts';
import { cell, jsonLine, table } from './tables.ts';

export interface DlqRequest extends ConfigRequest {
  readonly json: boolean;
}

export interface DlqFilterRequest extends DlqRequest {
  readonly filter: LetterFilter;
}

/** What walks all of them may take a while. */
const listTimeoutMs = 60_000;
const pollMs = 500;

export async function dlqListCommand(request: DlqFilterRequest, host: CommandHost): Promise<ExitCode> {
  const question = { method: 'POST', path: '/dead-letters/list', body: request.filter, timeoutMs: listTimeoutMs } as const;
  const answer = await runningHub(request, host)(question);
  if (request.json) {
    await host.out(jsonLine(answer));
    return exitCode.done;
  }
  const { letters, entries, unreadable, isPartial, job } = viewOf(answer);
  if (letters.length === 0 && entries.length === 0) await host.out('no dead letters: nothing was refused for good\n');
  if (letters.length > 0) {
    const header = ['CHANNEL', 'OUTPUT', 'ERROR', 'STATUS', 'DOCUMENTS', 'OLDEST', 'NEWEST', 'TRIES', 'REASON'];
    await host.out(table(header, letters.map(letterRow)));
  }
  if (isPartial) await host.out('there are more: this is what was found within 20 s; a filter (--tenant, --type) finds less\n');
  if (unreadable > 0)
    await host.out(`${unreadable} entries cannot be read and are kept: only dlq drop without a filter takes them\n`);
  if (entries.length > 0) {
    await host.out(`${letters.length > 0 ? '\n' : ''}Entries that were set aside (dlq replay --entries, dlq drop --entries):\n`);
    const header = ['ID', 'TOPIC', 'GROUP', 'ENTRY', 'RECORDS', 'BYTES', 'SINCE', 'REASON'];
    await host.out(table(header, entries.map(entryRow)));
  }
  if (job?.state === 'running') await host.out(`\n${jobLine(job)}`);
  return exitCode.done;
}

export async function dlqShowCommand(
  request: DlqFilterRequest & { readonly limit?: string | undefined },
  host: CommandHost,
): Promise<ExitCode> {
  const { limit, filter, json } = request;
  const body = { ...filter, ...(limit !== undefined && { limit: countOf(limit) }) };
  const answer = await runningHub(request, host)({ method: 'POST', path: '/dead-letters/show', body, timeoutMs: listTimeoutMs });
  const letters = lettersOf(answer);
  for (const letter of letters) await host.out(json ? jsonLine(letter) : letterText(letter));
  if (letters.length === 0 && !json) await host.out('no dead letter is meant by this\n');
  return exitCode.done;
}

export interface DlqWorkRequest extends DlqFilterRequest {
  readonly verb: 'replay' | 'drop';
  readonly yes: boolean;
}

/** Waits until it is done; who ends the command before leaves it to the hub. */
export async function dlqWorkCommand(request: DlqWorkRequest, host: CommandHost): Promise<ExitCode> {
  const { verb, filter, json } = request;
  const ask = runningHub(request, host);
  const begun = await confirmed(request, host, (yes) => {
    const body = verb === 'drop' ? { ...filter, yes } : filter;
    return ask({ method: 'POST', path: `/dead-letters/${verb}`, body });
  });
  if (begun === undefined) return exitCode.failed;
  let job = jobOf(begun);
  while (job?.state === 'running' && !host.stop.aborted) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    job = jobOf(await ask({ method: 'GET', path: '/dead-letters/job' }));
  }
  if (json) await host.out(jsonLine({ job }));
  else await host.out(jobLine(job));
  return job?.state === 'done' ? exitCode.done : exitCode.failed;
}

export async function dlqJobCommand(
  request: DlqRequest & { readonly verb: 'status' | 'stop' },
  host: CommandHost,
): Promise<ExitCode> {
  const { verb, json } = request;
  const ask = runningHub(request, host);
  const answer =
    verb === 'stop'
      ? await ask({ method: 'POST', path: '/dead-letters/stop' })
      : await ask({ method: 'GET', path: '/dead-letters/job' });
  await host.out(json ? jsonLine(answer) : jobLine(jobOf(answer)));
  return exitCode.done;
}

export interface DlqEntriesRequest extends DlqRequest {
  readonly verb: 'replay' | 'drop';
  readonly filter: LetterFilter;
  /** As `dlq list` shows them; those that the filter means unless given. */
  readonly ids: readonly string[];
  readonly yes: boolean;
}

export async function dlqEntriesCommand(request: DlqEntriesRequest, host: CommandHost): Promise<ExitCode> {
  const { verb, filter, ids, json } = request;
  const { output, id, ...chosen } = filter;
  if (output !== undefined || id !== undefined)
    throw new UsageError('entries have no output and no document id: name them by --entry, --tenant, --type, --error or --since');
  const ask = runningHub(request, host);
  const answer = await confirmed(request, host, (yes) => {
    const body = { ...chosen, ...(ids.length > 0 && { ids }), ...(verb === 'drop' && { yes }) };
    return ask({ method: 'POST', path: `/dead-letters/entries/${verb}`, body });
  });
  if (answer === undefined) return exitCode.failed;
  if (json) await host.out(jsonLine(answer));
  else {
    const { done, stayed } = doneOf(answer);
    await host.out(`${done} ${verb === 'replay' ? 'are in their topics again' : 'were dropped'}\n`);
    for (const { id: entry, why } of stayed) await host.out(`${entry} stays: ${why}\n`);
  }
  return exitCode.done;
}

/** Undefined: whoever sits there did not say yes. */
async function confirmed(
  { yes }: { readonly yes: boolean },
  host: CommandHost,
  ask: (yes: boolean) => ReturnType<AskHub>,
): Promise<Awaited<ReturnType<AskHub>> | undefined> {
  try {
    return await ask(yes);
  } catch (error) {
    if (!(error instanceof HubRefusal) || error.reason !== 'unconfirmed') throw error;
    if (await isConfirmed(error.message)) return await ask(true);
    host.err(`${error.message.replace(/: say yes.*/, '')}; nothing was changed: --yes does it\n`);
    return undefined;
  }
}

function letterRow({ channel, output, error, status, count, oldest, newest, tries, reason }: LetterGroup): string[] {
  return [
    channel,
    output,
    cell(error),
    String(status),
    String(count),
    second(oldest),
    second(newest),
    String(tries),
    cell(reason, 80),
  ];
}

function entryRow({ id, topic, group, sequence, records, bytes, at, reason, stays }: EntryView): string[] {
  const why = stays === '' ? '' : ` (cannot come again: ${stays})`;
  return [id, topic, group, String(sequence), String(records), formatBytes(bytes), second(at), cell(`${reason}${why}`, 160)];
}

function letterText({ channel, output, id, index, status, type, reason, atMs, tries, document }: ShownLetter): string {
  return [
    `${channel} ${output} ${printable(index)} ${printable(id)}`,
    `  refused ${tries === 1 ? 'once' : `${tries} times`}, first ${new Date(atMs).toISOString()}: ${status} ${printable(type)}`,
    `  ${printable(reason)}`,
    `  ${printable(document)}`,
    '',
  ].join('\n');
}

function jobLine(job: JobStatus | undefined): string {
  if (job === undefined) return 'nothing was replayed or dropped since the hub started\n';
  const { verb, state, by, counts, trouble } = job;
  const gone = verb === 'replay' ? 'taken' : 'dropped';
  const stayed = counts.stayed > 0 ? `, ${counts.stayed} refused again or without an output here (they stay)` : '';
  const unreadable = counts.unreadable > 0 ? `, ${counts.unreadable} entries that cannot be read` : '';
  const how = { running: 'runs', done: 'is done', failed: `has failed: ${trouble}`, stopped: 'was stopped' }[state];
  return `${verb} by ${printable(by)} ${how}; ${counts.gone} ${gone}${stayed}${unreadable}\n`;
}

/** `2026-11-21 10:00:07Z`. */
function second(time: string): string {
  return `${time.slice(0, 19).replace('T', ' ')}Z`;
}

function countOf(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) >= 1) return Number(text);
  throw new UsageError('--limit must be a number from 1 to 1000');
}

/** The other end is this very program. */
function viewOf(answer: object): DeadLetterView {
  return { letters: [], entries: [], unreadable: 0, isPartial: false, job: undefined, ...answer };
}

function lettersOf(answer: Readonly<Record<string, unknown>>): ShownLetter[] {
  return Array.isArray(answer['letters']) ? answer['letters'] : [];
}

function jobOf(answer: object): JobStatus | undefined {
  const told: { job?: JobStatus } = answer;
  return told.job;
}

function doneOf(answer: object): EntriesDone {
  return { done: 0, stayed: [], ...answer };
}
