/**
 * The contract test of the queue: runs against every implementation. An implementation's test calls `queueContract` with a way
 * to open a store; every test opens a fresh one.
 */
import { test } from 'node:test';
import { archiveContract } from './contract/archive-contract.ts';
import { attemptContract } from './contract/attempt-contract.ts';
import type { OpenQueueFixture } from './contract/contract-test.ts';
import { deadContract } from './contract/dead-contract.ts';
import { housekeepingContract } from './contract/housekeeping-contract.ts';
import { limitContract } from './contract/limit-contract.ts';
import { lateContract } from './contract/late-contract.ts';
import { operatorContract } from './contract/operator-contract.ts';
import { positionContract } from './contract/position-contract.ts';
import { topicContract } from './contract/topic-contract.ts';

const contract = [
  ...positionContract,
  ...lateContract,
  ...topicContract,
  ...operatorContract,
  ...attemptContract,
  ...archiveContract,
  ...limitContract,
  ...deadContract,
  ...housekeepingContract,
];

export function queueContract(implementation: string, open: OpenQueueFixture): void {
  for (const [name, body] of contract) {
    test(`${implementation}: ${name}`, () => body(open));
  }
}
