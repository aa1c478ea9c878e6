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
];

const newest = protocolVersions.at(-1);
assert(newest !== undefined, 'there is a version');

export const currentVersion: number = newest.version;
export const oldestAcceptedVersion = 1;

assert(oldestAcceptedVersion <= currentVersion, 'the current version is accepted');

/** The newest version both ends speak; undefined when there is none. */
export function negotiate(versionMin: number, versionMax: number): number | undefined {
  const version = Math.min(versionMax, currentVersion);
  return version >= versionMin && version >= oldestAcceptedVersion ? version : undefined;
}
