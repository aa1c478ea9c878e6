/** A member as it stands in Redis. What another hub wrote there may be of another version: unknown keys are passed over, texts are cut. */
import type { HubMember } from '../cluster.ts';
import * as z from 'zod';
import { memberTextMax } from './limits.ts';

const text = z.string().transform((value) => value.slice(0, memberTextMax));
const count = z.number().int().nonnegative();

const row = z.object({
  host: text,
  address: text,
  version: text,
  startedMs: count,
  state: z.enum(['starting', 'ready', 'draining']),
  connections: count,
  works: z.boolean(),
  leases: count.optional(),
  partitions: count.optional(),
  pipelines: text.optional(),
});

export function memberText(member: Omit<HubMember, 'beatMs'>): string {
  const { host, address, version, startedMs, state, connections, works, leases, partitions, pipelines } = member;
  const own = {
    host,
    address,
    version,
    startedMs: Math.round(startedMs),
    state,
    connections,
    works,
    leases,
    partitions,
    pipelines,
  };
  return JSON.stringify(own);
}

/** Undefined for what is no member. */
export function parseMember(hubId: string, json: string, beatMs: number): HubMember | undefined {
  if (!/^[0-9a-f]{32}$/.test(hubId)) return undefined;
  try {
    return { hubId, beatMs, ...row.parse(JSON.parse(json)) };
  } catch {
    return undefined;
  }
}
