/** What the live line and the totals show, read from the status of both products. */
import type { AgentStatus } from '../../agent/status/agent-status.ts';
import type { HubStatus } from '../../hub/status/hub-status.ts';
import type { Place } from './place.ts';
import { askStatus, socketOf } from './products.ts';

export interface Figures {
  /** By the agent since it was started. */
  readonly linesRead: number;
  readonly bytesRead: number;
  /** Batches that the hub has not acknowledged. */
  readonly unackedBatches: number;
  /** Bytes that are in the files and were not read yet. */
  readonly bytesBehind: number;
  readonly files: number;
  /** Why the agent does not reach the hub; empty when it does. */
  readonly trouble: string;
  /** By the hub, ever. */
  readonly linesArchived: number;
  /** Taken in by the hub and not archived yet. */
  readonly linesPending: number;
}

export async function askHub(place: Place): Promise<HubStatus | undefined> {
  const answer = await askStatus(socketOf(place, 'hub'));
  return isStatusOf<HubStatus>(answer, 'tributary-hub') ? answer : undefined;
}

export async function askAgent(place: Place): Promise<AgentStatus | undefined> {
  const answer = await askStatus(socketOf(place, 'agent'));
  return isStatusOf<AgentStatus>(answer, 'tributary-agent') ? answer : undefined;
}

/** Undefined when one of the two does not answer right now. */
export async function readFigures(place: Place): Promise<Figures | undefined> {
  // The agent first: what it has handed over by then is in the hub's figures.
  const agent = await askAgent(place);
  const hub = await askHub(place);
  if (hub === undefined || agent === undefined) return undefined;
  return {
    linesRead: agent.counters.recordsRead,
    bytesRead: agent.counters.bytesRead,
    unackedBatches: agent.buffer.unackedBatches,
    bytesBehind: agent.sources.reduce((sum, { lag }) => sum + lag, 0),
    files: agent.sources.length,
    trouble: agent.uplink.trouble,
    linesArchived: archivedLines(hub),
    linesPending: booksOfLines(hub).reduce(
      (sum, { pipelinePending, archivePending }) => sum + pipelinePending + archivePending,
      0,
    ),
  };
}

/** What is in the archive, without what the hub tells of itself. */
export function archivedLines(hub: HubStatus | undefined): number {
  return hub === undefined ? 0 : booksOfLines(hub).reduce((sum, { archived }) => sum + archived, 0);
}

function booksOfLines({ books }: HubStatus): HubStatus['books'] {
  return books.filter(({ channel }) => !channel.endsWith('/platform'));
}

/** Nothing that was in the files when the figures were taken is on its way any more. */
export function isSettled(figures: Figures): boolean {
  return figures.bytesBehind === 0 && figures.unackedBatches === 0 && figures.linesPending === 0;
}

/** The other end was started by us from this very repository: that it is the right program is all there is to check. */
function isStatusOf<Status extends { readonly program: string }>(answer: unknown, program: Status['program']): answer is Status {
  return typeof answer === 'object' && answer !== null && 'program' in answer && answer.program === program;
}
