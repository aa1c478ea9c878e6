/** What the parts of the queue share. */
import { crc32 } from 'node:zlib';
import type { Id } from '@tributary/protocol/messages.ts';
import type { Allowances } from '../allowances.ts';
import type { QueueLimits } from '../limits.ts';
import { QueueError, type QueueErrorCode } from '../queue-error.ts';
import type { Bodies } from './bodies.ts';
import type { RedisLevels } from './levels.ts';
import { MasterError } from './masters/masters.ts';
import { ObjectStoreError } from './spill/object-store.ts';
import type { Partitions } from './partitions.ts';
import type { TopicRegister } from './topic-register.ts';

export interface QueueContext {
  readonly partitions: Partitions;
  readonly register: TopicRegister;
  readonly levels: RedisLevels;
  readonly limits: QueueLimits;
  readonly allowances: Allowances;
  readonly bodies: Bodies;
  /** Of this hub's clock, moved as the store's is: only for what is told, never for what is decided. */
  readonly nowMs: () => number;
}

export function partitionOf(agentId: Id, partitions: number): number {
  return crc32(agentId) % partitions;
}

/** Errors of the masters as those of the queue. */
export async function asQueueErrors<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ObjectStoreError) throw new QueueError('QUEUE_NO_SPACE', error.message, { cause: error });
    if (!(error instanceof MasterError) || error.code === 'REFUSED') throw error;
    throw new QueueError(codeOf(error), error.message, { cause: error });
  }
}

function codeOf({ code }: MasterError): QueueErrorCode {
  if (code === 'CLOSED') return 'QUEUE_CLOSED';
  return code === 'MAXMEMORY' ? 'QUEUE_NO_SPACE' : 'QUEUE_UNAVAILABLE';
}
