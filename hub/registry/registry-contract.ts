/**
 * The contract test of the registry: runs against every implementation. An implementation's test calls `registryContract` with a
 * way to open one; every test opens a fresh one.
 */
import { test } from 'node:test';
import { cloneContract } from './contract/clone-contract.ts';
import type { OpenRegistryFixture } from './contract/contract-test.ts';
import { enrolmentContract } from './contract/enrolment-contract.ts';
import { peopleContract } from './contract/people-contract.ts';

export function registryContract(implementation: string, open: OpenRegistryFixture): void {
  for (const [name, body] of [...enrolmentContract, ...cloneContract, ...peopleContract]) {
    test(`${implementation}: ${name}`, () => body(open));
  }
}
