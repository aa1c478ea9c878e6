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
    schemaHash: '8a45da6fa0929377ffe9d01b0e72493f40533d9c72ad986543fd84b548bdc40e',
    brought: 'the first: streams, positions, batches, gaps, credit and drain',
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
