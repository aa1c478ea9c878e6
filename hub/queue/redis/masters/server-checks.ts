/**
 * What a server must be before anything is sent to it (invariant 1): a master, of version 7 or later, that has on its disk what it
 * answers. Looked at on every new connection and every minute.
 */
import type { DurabilityFact } from '../../../store/hub-store.ts';
import type { RedisConnection } from './connection.ts';
import type { Reply } from './masters.ts';
import { hintOf, ServerRefusedError, ServerReplyError } from './server-reply.ts';

export interface Demands {
  readonly durability: 'full' | 'relaxed';
  readonly kind: 'single' | 'sentinel' | 'cluster';
  readonly minReplicas: number;
}

export interface CheckedServer {
  readonly runId: string;
  /** WAITAOF is there since 7.2, for a server that writes an append-only file. */
  readonly hasWaitAof: boolean;
  readonly facts: readonly DurabilityFact[];
  /** With fewer in time nothing is written, or nothing is acked. */
  readonly replicasMin: number;
  readonly warnings: readonly string[];
  readonly memory: MemoryUse;
}

export interface MemoryUse {
  readonly used: number;
  readonly max: number;
}

export type AskedConnection = Pick<RedisConnection, 'where' | 'send'>;

const versionMin = 7;

export async function checkServer(connection: AskedConnection, demands: Demands): Promise<CheckedServer> {
  const { where } = connection;
  const info = await readInfo(connection);
  checkIdentity(where, info, demands);
  const settings = await readSettings(connection, demands);
  const { durability } = demands;
  const wrong = settings === undefined ? [] : wrongSettings(where, settings, demands);
  const [first] = wrong;
  if (first !== undefined && durability === 'full') {
    throw new ServerRefusedError('volatile', wrong.length === 1 ? first : wrong.join(' '));
  }
  const memory = memoryOf(info);
  const facts = [...(settings ?? [])].map(([setting, value]) => ({ where, setting, value }));
  const replicas = Number(info.get('connected_slaves') ?? 0);
  return {
    runId: info.get('run_id') ?? '',
    hasWaitAof: isAtLeast(info.get('redis_version') ?? '', [7, 2]) && settings?.get('appendonly') === 'yes',
    facts: [...facts, { where, setting: 'connected_replicas', value: String(replicas) }],
    replicasMin: Math.max(demands.minReplicas, Number(settings?.get('min-replicas-to-write') ?? 0)),
    warnings: [
      ...wrong,
      ...(memory.max === 0 ? [noMaxmemory(where)] : []),
      ...(replicas < demands.minReplicas ? [tooFewReplicas(where, replicas, demands.minReplicas)] : []),
    ],
    memory,
  };
}

export async function readMemory(connection: RedisConnection): Promise<MemoryUse> {
  return memoryOf(await readInfo(connection, 'memory'));
}

async function readInfo(connection: AskedConnection, section?: string): Promise<ReadonlyMap<string, string>> {
  const { where } = connection;
  const reply = await connection.send('INFO', section === undefined ? [] : [section]).catch((error: unknown) => {
    throw error instanceof ServerReplyError ? new ServerRefusedError('rights', hintOf(error, where)) : error;
  });
  const lines = textOf(reply)
    .split('\r\n')
    .filter((line) => line.includes(':'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

function checkIdentity(where: string, info: ReadonlyMap<string, string>, demands: Demands): void {
  const version = info.get('redis_version') ?? '';
  if (!isAtLeast(version, [versionMin, 0])) {
    throw new ServerRefusedError('version', `Redis at ${where} has version ${version}: version 7 or later is needed`);
  }
  const mode = info.get('redis_mode') ?? '';
  if (mode === 'sentinel') {
    throw new ServerRefusedError('mode', `Redis at ${where} is a Sentinel: name it in queue.redis.sentinels`);
  }
  if ((mode === 'cluster') !== (demands.kind === 'cluster')) {
    const hint =
      mode === 'cluster'
        ? 'is part of a Cluster: name it in queue.redis.cluster'
        : 'is no part of a Cluster: name it in queue.redis.url';
    throw new ServerRefusedError('mode', `Redis at ${where} ${hint}`);
  }
  if (info.get('role') !== 'master') {
    throw new ServerRefusedError(
      'not-master',
      `Redis at ${where} is a replica: nothing can be written there; name the master, or the Sentinels in queue.redis.sentinels`,
    );
  }
  if (info.get('loading') === '1') throw new ServerRefusedError('loading', `Redis at ${where} is still reading its data`);
}

const settingNames = ['appendonly', 'appendfsync', 'no-appendfsync-on-rewrite', 'maxmemory-policy', 'min-replicas-to-write'];

/** Undefined where they may not be read and `durability: relaxed` lets that be. */
async function readSettings(connection: AskedConnection, demands: Demands): Promise<ReadonlyMap<string, string> | undefined> {
  const { where } = connection;
  try {
    const reply = await connection.send('CONFIG', ['GET', ...settingNames]);
    const texts = Array.isArray(reply) ? reply.map(textOf) : [];
    return new Map(settingNames.map((name) => [name, texts[texts.indexOf(name) + 1] ?? '']));
  } catch (error) {
    if (!(error instanceof ServerReplyError)) throw error;
    if (demands.durability === 'relaxed') return undefined;
    throw new ServerRefusedError(
      'rights',
      `Redis at ${where} does not tell its settings (${error.message}), so nobody knows whether an ack would survive a power cut: allow CONFIG GET with "ACL SETUSER name +config|get", or set queue.durability to relaxed`,
    );
  }
}

const wanted: Readonly<Record<string, { readonly value: string; readonly loses: string }>> = {
  appendonly: { value: 'yes', loses: 'what it acked is lost when it restarts' },
  appendfsync: { value: 'always', loses: 'a power cut loses what it acked last' },
  'no-appendfsync-on-rewrite': { value: 'no', loses: 'a power cut while it rewrites its file loses what it acked meanwhile' },
  'maxmemory-policy': { value: 'noeviction', loses: 'it throws away entries when its memory is full' },
};

function wrongSettings(where: string, settings: ReadonlyMap<string, string>, demands: Demands): string[] {
  const wrong = Object.entries(wanted).flatMap(([name, { value, loses }]) => {
    const found = settings.get(name) ?? '';
    return found === value
      ? []
      : [`Redis at ${where} has ${name} ${found === '' ? 'unset' : found}: ${loses}. ${howTo(name, value)}`];
  });
  if (demands.kind === 'sentinel' && Number(settings.get('min-replicas-to-write') ?? 0) < 1) {
    wrong.push(
      `Redis at ${where} has min-replicas-to-write 0: a master that was cut off would go on acking what its successor never hears of. ${howTo('min-replicas-to-write', '1')}`,
    );
  }
  return wrong;
}

function howTo(name: string, value: string): string {
  return `Run "CONFIG SET ${name} ${value}" there and put the line "${name} ${value}" into its redis.conf, or set queue.durability to relaxed.`;
}

function noMaxmemory(where: string): string {
  return `Redis at ${where} has no maxmemory: when it takes all memory of its machine the kernel ends it. Run "CONFIG SET maxmemory 1gb", or what the machine can spare, and put it into its redis.conf.`;
}

function tooFewReplicas(where: string, replicas: number, minReplicas: number): string {
  return `Redis at ${where} has ${replicas} replicas and queue.redis.min_replicas is ${minReplicas}: nothing is acked until they are there. Start its replicas.`;
}

function memoryOf(info: ReadonlyMap<string, string>): MemoryUse {
  const number = (name: string): number => Number(info.get(name) ?? 0);
  // What Redis itself compares with maxmemory.
  return { used: Math.max(0, number('used_memory') - number('mem_not_counted_for_evict')), max: number('maxmemory') };
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

export function textOf(reply: Reply | undefined): string {
  return Buffer.isBuffer(reply) ? reply.toString('utf8') : String(reply ?? '');
}
