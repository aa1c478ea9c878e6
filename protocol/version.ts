/**
 * The versions of the protocol. Each release speaks the version before its own, so that hubs and agents can be replaced one
 * after the other, hubs first. A test holds each version to the hash of its schema.
 */
import { assert } from '@tributary/shared/assert.ts';

export interface ProtocolVersion {
  readonly version: number;
  /** SHA-256 of schema/tributary.proto. */
  readonly schemaHash: string;
  /** What it brought, in one line. */
  readonly brought: string;
}

export const protocolVersions: readonly ProtocolVersion[] = [
  {
    version: 1,
    schemaHash: '37519efe0fc459d2997f5d306d5cf42f9e576998eaf5a158c2b3bac6f3aa88b8',
    brought: 'the first: streams, positions, batches, records of several lines, what filters left out, gaps, credit and drain',
  },
  {
    version: 2,
    schemaHash: '1f6235cb11cd581c58b3c2b75097527f885fddc28fa1db0bfa8d41ba13bc7160',
    brought:
      'hubs above hubs: batches trimmed at both ends, what a store lost or another way brought, hosts, the health of a lower site',
  },
];

const newest = protocolVersions.at(-1);
assert(newest !== undefined, 'there is a version');

export const currentVersion: number = newest.version;
/** Nothing was released with version 1: a reader of it would take a batch trimmed at its end for whole. */
export const oldestAcceptedVersion = 2;

assert(oldestAcceptedVersion <= currentVersion, 'the current version is accepted');

/** The newest version both ends speak; undefined when there is none. */
export function negotiate(versionMin: number, versionMax: number): number | undefined {
  const version = Math.min(versionMax, currentVersion);
  return version >= versionMin && version >= oldestAcceptedVersion ? version : undefined;
}
