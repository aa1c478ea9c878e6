/**
 * The JSON documents of the platform channel, of agents and of hubs: what every one of them has, in the field names of ECS.
 * docs/PLATFORM-EVENTS.md is the schema. A document is one line, so that an archive of them can be read by any tool.
 */
import type { ChannelName } from '../messages.ts';

/** Log type of platform events: with the tenant it names their channel. */
export const platformType = 'platform';

export function isPlatformChannel(channel: ChannelName): boolean {
  return channel.endsWith(`/${platformType}`);
}

/** The version of ECS that the names are from. */
export const ecsVersion = '8.17.0';

/** Who tells: the same in all documents of a process. */
export interface Teller {
  readonly host: string;
  /** Of the agent, or of the hub. Undefined where the agent's identity is not known. */
  readonly agentId: string | undefined;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `agent.type`: an agent's unless it says otherwise. */
  readonly type?: 'tributary' | 'tributary-hub';
}

export type Fields = Readonly<Record<string, unknown>>;

/** A document with its line end. */
export function documentOf(teller: Teller, nowMs: number, fields: Fields, hostFields: Fields = {}): string {
  const { host, agentId, version, labels, type = 'tributary' } = teller;
  const agent = { ...(agentId === undefined ? {} : { id: agentId }), name: host, type, version };
  const document = {
    '@timestamp': new Date(nowMs).toISOString(),
    ecs: { version: ecsVersion },
    host: { name: host, ...hostFields },
    agent,
    ...fields,
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
  };
  return `${JSON.stringify(document, bigintAsText)}\n`;
}

/** What stands in a field that others are put beside; nothing where it is no object. */
export function asFields(value: unknown): Fields {
  return isFields(value) ? value : {};
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function bigintAsText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
