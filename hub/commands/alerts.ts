/** `alerts list|silence|unsilence|ack|test`: asked of the running hub. */
import { parseDuration } from '@tributary/shared/options/units.ts';
import type { SenderStatus } from '../alerts/alert-sender.ts';
import type { ListedAlert } from '../alerts/alerts.ts';
import type { Acknowledgement, Silence } from '../alerts/kept-holds.ts';
import type { AckFlags, SilenceFlags } from './alerts-command-line.ts';
import { parseSearchTime } from '../outputs/archive/search/search-time.ts';
import { runningHub } from './ask-running-hub.ts';
import { type CommandHost, type ExitCode, exitCode, UsageError } from './exit.ts';
import type { ConfigRequest } from './load-config.ts';
import { cell, jsonLine, minute, table } from './tables.ts';

interface Request extends ConfigRequest {
  readonly json: boolean;
}

interface Listed {
  readonly alerts: readonly ListedAlert[];
  readonly receivers: readonly SenderStatus[];
  readonly silences: readonly Silence[];
  readonly acknowledgements: readonly Acknowledgement[];
}

/** A test waits for the receiver. */
const testTimeoutMs = 320_000;

export async function alertsListCommand(request: Request, host: CommandHost): Promise<ExitCode> {
  const answer = await runningHub(request, host)({ method: 'GET', path: '/alerts' });
  if (request.json) {
    await host.out(jsonLine(answer));
    return exitCode.done;
  }
  const { alerts, receivers, silences } = listedOf(answer);
  if (alerts.length === 0) await host.out('nothing is wrong\n');
  else {
    const rows = alerts.map((alert) => [alert.level, cell(alert.node, 80), alert.kind, minute(alert.sinceMs), heldText(alert)]);
    await host.out(table(['LEVEL', 'NODE', 'FINDING', 'SINCE', 'HELD'], rows));
  }
  if (silences.length > 0) {
    const rows = silences.map(({ id, node, finding, tenant = '', atMs, fromMs = atMs, untilMs, by, note }) => {
      return [id, cell(node), cell(finding), tenant, minute(fromMs), minute(untilMs), cell(by), cell(note, 60)];
    });
    await host.out(`\n${table(['SILENCE', 'NODE', 'FINDING', 'TENANT', 'FROM', 'UNTIL', 'BY', 'WHY'], rows)}`);
  }
  const told = receivers.map(({ receiver, kind, lastSentMs, trouble }) => {
    return [receiver, kind, minute(lastSentMs), trouble === '' ? 'well' : cell(trouble, 120)];
  });
  if (told.length > 0) await host.out(`\n${table(['RECEIVER', 'KIND', 'TOLD LAST', 'STATE'], told)}`);
  else await host.out('\nnobody is told: configure alerts.receivers\n');
  return exitCode.done;
}

export async function alertsSilenceCommand(request: Request & SilenceFlags, host: CommandHost): Promise<ExitCode> {
  const { node, finding, tenant, note } = request;
  const fromMs = request.from === undefined ? undefined : momentOf(request.from);
  const untilMs = (fromMs ?? Date.now()) + durationOf(request.for);
  const body = { node, finding, note, untilMs, ...(fromMs !== undefined && { fromMs }), ...(tenant !== undefined && { tenant }) };
  const answer = await runningHub(request, host)({ method: 'POST', path: '/alerts/silence', body });
  const { silence }: { silence?: Silence } = answer;
  await host.out(
    request.json
      ? jsonLine(answer)
      : `silence ${silence?.id ?? ''}: nobody is told of ${cell(node)} ${fromMs === undefined ? '' : `from ${minute(fromMs)} `}until ${minute(silence?.untilMs)}\n`,
  );
  return exitCode.done;
}

export async function alertsUnsilenceCommand(request: Request & { readonly id: string }, host: CommandHost): Promise<ExitCode> {
  const answer = await runningHub(request, host)({ method: 'POST', path: '/alerts/unsilence', body: { id: request.id } });
  await host.out(request.json ? jsonLine(answer) : 'people are told again\n');
  return exitCode.done;
}

export async function alertsAckCommand(
  request: Request & AckFlags & { readonly node: string; readonly finding: string },
  host: CommandHost,
): Promise<ExitCode> {
  const { node, finding, note, end } = request;
  const ask = runningHub(request, host);
  if (end) {
    const answer = await ask({ method: 'POST', path: '/alerts/unack', body: { node, finding } });
    await host.out(request.json ? jsonLine(answer) : `${cell(node, 80)}: ${cell(finding)} is repeated again\n`);
    return exitCode.done;
  }
  if (note === undefined) throw new UsageError('say what is done about it: --note');
  const untilMs = request.for === undefined ? {} : { untilMs: Date.now() + durationOf(request.for) };
  const answer = await ask({ method: 'POST', path: '/alerts/ack', body: { node, finding, note, ...untilMs } });
  await host.out(request.json ? jsonLine(answer) : `${cell(node, 80)}: ${cell(finding)} is known, and not repeated\n`);
  return exitCode.done;
}

export async function alertsTestCommand(request: Request & { readonly receiver: string }, host: CommandHost): Promise<ExitCode> {
  const { receiver } = request;
  const answer = await runningHub(
    request,
    host,
  )({
    method: 'POST',
    path: '/alerts/test',
    body: { receiver },
    timeoutMs: testTimeoutMs,
  });
  await host.out(request.json ? jsonLine(answer) : `${cell(receiver)} was told: ${String(answer['id'])}\n`);
  return exitCode.done;
}

function heldText({ silenced, acknowledged }: ListedAlert): string {
  if (acknowledged !== undefined) return `known to ${cell(acknowledged.by)}: ${cell(acknowledged.note)}`;
  return silenced ? 'silenced' : '';
}

function momentOf(text: string): number {
  const ms = parseDuration(text) === undefined ? parseSearchTime(text, Date.now()) : undefined;
  if (ms === undefined) throw new UsageError('--from: write when, such as 2026-11-23T22:00+01:00');
  return ms;
}

function durationOf(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0) throw new UsageError('--for: write how long, such as 30m, 2h or 7d');
  return ms;
}

/** The other end is this very program. */
function listedOf(answer: object): Listed {
  return { alerts: [], receivers: [], silences: [], acknowledgements: [], ...answer };
}
