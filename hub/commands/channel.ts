/** `channel list|pause|resume|seek|skip`: how data flows, by hand. */
import { formatBytes, formatDuration } from '@tributary/shared/options/units.ts';
import type { MovedPlace } from '../channels/channel-operations.ts';
import type { ChannelView, GroupView } from '../channels/channel-views.ts';
import { HubRefusal, runningHub } from './ask-running-hub.ts';
import { isConfirmed } from './confirmed.ts';
import { type CommandHost, type ExitCode, exitCode, UsageError } from './exit.ts';
import type { ConfigRequest } from './load-config.ts';
import { jsonLine, table } from './tables.ts';

interface ChannelRequest extends ConfigRequest {
  readonly json: boolean;
}

export async function channelListCommand(
  request: ChannelRequest & { channel?: string | undefined },
  host: CommandHost,
): Promise<ExitCode> {
  const answer = await runningHub(request, host)({ method: 'GET', path: '/channels' });
  const all = channelsOf(answer);
  const channels = request.channel === undefined ? all : all.filter(({ channel }) => channel === request.channel);
  if (request.channel !== undefined && channels.length === 0)
    throw new UsageError(`there is no channel ${checkedChannel(request.channel)}`);
  if (request.json) await host.out(jsonLine({ channels }));
  else if (channels.length === 0) await host.out('no channels: nothing has come in yet\n');
  else {
    const rows = channels.flatMap((channel) => channel.groups.map((group, index) => groupRow(channel, group, index === 0)));
    await host.out(
      table(['CHANNEL', 'GROUP', 'TOPIC', 'CURSOR', 'ENTRIES', 'RECORDS', 'BYTES', 'OLDEST', 'DROPPED', 'STATE'], rows),
    );
    await host.out(channels.map(remark).join(''));
  }
  return exitCode.done;
}

export interface ChannelPauseRequest extends ChannelRequest {
  readonly channel: string;
  readonly group?: string;
  readonly paused: boolean;
}

export async function channelPauseCommand(request: ChannelPauseRequest, host: CommandHost): Promise<ExitCode> {
  const { channel, group, paused } = request;
  const path = paused ? '/channels/pause' : '/channels/resume';
  const answer = await runningHub(request, host)({ method: 'POST', path, body: { channel: checkedChannel(channel), group } });
  if (request.json) await host.out(jsonLine(answer));
  else {
    const groups = Array.isArray(answer['groups']) ? answer['groups'].join(', ') : '';
    const after = paused
      ? ' paused, at all hubs of the site; what comes in is kept until the topic is full (channel resume ends it)'
      : ' resumed';
    await host.out(`${channel}: ${groups}${after}\n`);
  }
  return exitCode.done;
}

export interface ChannelSeekRequest extends ChannelRequest {
  readonly channel: string;
  readonly group: string;
  readonly to: string;
  readonly partition?: string;
  readonly yes: boolean;
}

export async function channelSeekCommand(request: ChannelSeekRequest, host: CommandHost): Promise<ExitCode> {
  const ask = runningHub(request, host);
  const { channel, group, to, partition } = request;
  const body = { channel: checkedChannel(channel), group, to, partition: numberOf(partition, '--partition') };
  const seek = (yes: boolean): ReturnType<typeof ask> => ask({ method: 'POST', path: '/channels/seek', body: { ...body, yes } });
  let answer;
  try {
    answer = await seek(request.yes);
  } catch (error) {
    if (!(error instanceof HubRefusal) || error.reason !== 'unconfirmed') throw error;
    if (!(await isConfirmed(error.message))) {
      host.err(`${error.message.replace(/: say yes.*/, '')}; nothing was changed: --yes does it\n`);
      return exitCode.failed;
    }
    answer = await seek(true);
  }
  if (request.json) await host.out(jsonLine(answer));
  else {
    for (const { partition: number, from, to: at, skippedRecords } of movedPlaces(answer)) {
      const skipped = skippedRecords > 0 ? `, ${skippedRecords} records skipped` : '';
      await host.out(`${channel}: ${group} in partition ${number} was behind entry ${from} and is behind ${at} now${skipped}\n`);
    }
  }
  return exitCode.done;
}

export interface ChannelSkipRequest extends ChannelRequest {
  readonly channel: string;
  readonly group: string;
  readonly count?: string;
  readonly partition?: string;
}

export async function channelSkipCommand(request: ChannelSkipRequest, host: CommandHost): Promise<ExitCode> {
  const { channel, group } = request;
  const [count, partition] = [numberOf(request.count, '--count'), numberOf(request.partition, '--partition')];
  const body = { channel: checkedChannel(channel), group, count, partition };
  const answer = await runningHub(request, host)({ method: 'POST', path: '/channels/skip', body });
  if (request.json) await host.out(jsonLine(answer));
  else {
    const skipped = Number(answer['skipped']);
    await host.out(
      `${channel}: ${skipped} ${skipped === 1 ? 'entry is a dead letter' : 'entries are dead letters'} now, kept with the reason; ${group} goes on behind\n`,
    );
  }
  return exitCode.done;
}

function groupRow({ channel }: ChannelView, group: GroupView, isFirst: boolean): readonly string[] {
  const { partitions, oldest, entries, records, bytes, dropped, paused } = group;
  const cursor = partitions.length > 1 ? `${partitions.length} partitions` : String(partitions[0]?.cursor ?? 0);
  const age = oldest === null ? '' : formatDuration(roundedMs(Date.now() - Date.parse(oldest)));
  const figures = [String(entries), String(records), formatBytes(roundedBytes(bytes)), age, String(dropped)];
  return [
    isFirst ? channel : '',
    group.group,
    group.topic,
    cursor,
    ...figures,
    paused ? 'PAUSED' : group.expiring ? 'passed by' : '',
  ];
}

function remark({ channel, groups, gaps, lost, late, duplicates }: ChannelView): string {
  const parts = [
    ...(gaps > 0 ? [`${gaps} gaps, ${lost} positions lost`] : []),
    ...(late > 0 ? [`${late} positions came late and were lost before`] : []),
    ...(duplicates > 0 ? [`${duplicates} duplicates`] : []),
    ...(groups.length === 0 ? ['no output reads it: what comes is kept until the topic is full'] : []),
  ];
  return parts.length === 0 ? '' : `${channel}: ${parts.join('; ')}\n`;
}

/** Whole seconds below two minutes, whole minutes above: an age is no measurement. */
function roundedMs(ms: number): number {
  const unitMs = ms < 120_000 ? 1000 : 60_000;
  return Math.max(0, Math.floor(ms / unitMs) * unitMs);
}

function roundedBytes(bytes: number): number {
  const unit = bytes < 10_240 ? 1 : bytes < 10 * 1024 * 1024 ? 1024 : 1024 * 1024;
  return Math.round(bytes / unit) * unit;
}

function checkedChannel(text: string): string {
  if (/^[a-z0-9_]{1,50}\/[a-z0-9_]{1,50}$/.test(text)) return text;
  throw new UsageError('a channel is TENANT/TYPE, as tributary-hub channel list shows them');
}

function numberOf(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`${option} must be a whole number`);
}

/** The other end is this very program. */
function channelsOf(answer: Readonly<Record<string, unknown>>): ChannelView[] {
  return Array.isArray(answer['channels']) ? answer['channels'] : [];
}

function movedPlaces(answer: Readonly<Record<string, unknown>>): MovedPlace[] {
  return Array.isArray(answer['partitions']) ? answer['partitions'] : [];
}
