/**
 * Agents that came to another hub of the site while an older connection of theirs stands here: one whose socket died and nobody knows
 * it yet. Positions are the store's, so both may do no harm; the older one is ended so that the agent counts once.
 *
 * An announcement is best effort and may come late: a connection that is hardly older than its arrival may be the newer one, and stays.
 */
import type { Hello, Id } from '@tributary/protocol/messages.ts';
import * as z from 'zod';
import type { Cluster } from '../cluster/cluster.ts';
import { admittedSoonMs } from './limits.ts';

const text = z.string().max(100);

const arrival = z.object({
  site: text,
  agent: text,
  start: z.number().int().nonnegative(),
  instance: text,
  boot: text,
});

export type Arrival = z.infer<typeof arrival>;

type Announcing = Pick<Cluster, 'announce' | 'onAnnounced'>;

const kind = 'admitted ';

export function announceArrival(cluster: Announcing, siteId: Id, hello: Hello): void {
  const { agentId, startCounter, instanceId, bootId } = hello;
  const told: Arrival = { site: siteId, agent: agentId, start: startCounter, instance: instanceId, boot: bootId };
  cluster.announce(kind + JSON.stringify(told));
}

/** Calls back for agents that came to another hub. Returns its own removal. */
export function onArrivalElsewhere(cluster: Announcing, listener: (arrival: Arrival) => void): () => void {
  return cluster.onAnnounced((message) => {
    if (!message.startsWith(kind)) return;
    const parsed = arrival.safeParse(parseJson(message.slice(kind.length)));
    if (parsed.success) listener(parsed.data);
  });
}

/** Whether the connection of `hello`, here for `ageMs`, is older than that arrival. */
export function isOlder(hello: Hello, ageMs: number, { start, instance, boot }: Arrival): boolean {
  if (hello.startCounter < start) return true;
  const isSameProcess = hello.instanceId === instance && hello.bootId === boot;
  return hello.startCounter === start && isSameProcess && ageMs >= admittedSoonMs;
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
