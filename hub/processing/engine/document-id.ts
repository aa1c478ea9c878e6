/** Names of documents (invariant 5): the same record makes the same, whenever and wherever it is processed. */
import { hash } from 'node:crypto';
import type { StreamKey } from '@tributary/protocol/session/server-effect.ts';

const idBytes = 16;
const keyBytes = 48;
const input = Buffer.alloc(keyBytes + 12);
let keyOfInput: StreamKey | undefined;

/** 128 bits of SHA-256 over site, agent, stream, position and ordinal, as 22 characters of base64url (RFC 4648). */
export function documentId(key: StreamKey, position: number, ordinal: number): string {
  if (key !== keyOfInput) {
    input.write(key.siteId, 0, 'hex');
    input.write(key.agentId, 16, 'hex');
    input.write(key.streamId, 32, 'hex');
    keyOfInput = key;
  }
  input.writeDoubleLE(position, keyBytes);
  input.writeUInt32LE(ordinal, keyBytes + 8);
  return hash('sha256', input, 'buffer').toString('base64url', 0, idBytes);
}
