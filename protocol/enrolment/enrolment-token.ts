/**
 * What a person carries from a hub to a new server: where the hubs are, what their authority looks like, and a secret. One line of
 * text without spaces, so that it survives being pasted: `tributary1-` and base64url of the parts and their CRC-32.
 */
import { crc32 } from 'node:zlib';
import * as limits from '../limits.ts';

export interface EnrolmentToken {
  /** `host:port` of the agents' listeners of the site. */
  readonly hubs: readonly string[];
  /** SHA-256 of the DER of the certificate that the chains of these hubs end in, lower-case hexadecimal. */
  readonly fingerprint: string;
  /** Public name of the token, 8 to 32 of a-z and 0-9. */
  readonly tokenId: string;
  /** 192 random bits in base64url. The site keeps a hash of it. */
  readonly secret: string;
}

/** The message is for the person who pasted the token; nothing of the token is in it. */
export class EnrolmentTokenError extends Error {
  override readonly name = 'EnrolmentTokenError';
  readonly code = 'USAGE';
}

const prefix = 'tributary1-';
const checksumBytes = 4;
const textMax = 16 * 1024;

export function encodeEnrolmentToken({ hubs, fingerprint, tokenId, secret }: EnrolmentToken): string {
  const parts = Buffer.from(JSON.stringify([tokenId, secret, fingerprint, ...hubs]));
  const checksum = Buffer.alloc(checksumBytes);
  checksum.writeUInt32BE(crc32(parts));
  return prefix + Buffer.concat([parts, checksum]).toString('base64url');
}

/** Throws an EnrolmentTokenError. */
export function decodeEnrolmentToken(text: string): EnrolmentToken {
  const trimmed = text.trim();
  if (!trimmed.startsWith(prefix)) {
    throw new EnrolmentTokenError(
      `this is no enrolment token: one begins with ${prefix} and is printed by tributary-hub token create`,
    );
  }
  const parts = checkedParts(trimmed);
  const token = parts === undefined ? undefined : tokenOf(parts);
  if (token !== undefined) return token;
  throw new EnrolmentTokenError('this enrolment token is damaged: a part of it is missing or was changed; copy all of it again');
}

function checkedParts(text: string): Buffer | undefined {
  if (text.length > textMax) return undefined;
  const bytes = Buffer.from(text.slice(prefix.length), 'base64url');
  if (bytes.length <= checksumBytes) return undefined;
  const parts = bytes.subarray(0, -checksumBytes);
  return crc32(parts) === bytes.readUInt32BE(parts.length) ? parts : undefined;
}

function tokenOf(parts: Buffer): EnrolmentToken | undefined {
  let value: unknown;
  try {
    value = JSON.parse(parts.toString('utf8'));
  } catch {
    return undefined;
  }
  if (!Array.isArray(value) || !value.every((part) => typeof part === 'string')) return undefined;
  const [tokenId = '', secret = '', fingerprint = '', ...hubs] = value;
  const isSound = /^[a-z0-9]{8,32}$/.test(tokenId) && /^[\w-]{32,64}$/.test(secret) && /^[0-9a-f]{64}$/.test(fingerprint);
  if (!isSound || hubs.length === 0 || hubs.length > limits.hubsMax) return undefined;
  return hubs.every(isHubAddress) ? { hubs, fingerprint, tokenId, secret } : undefined;
}

function isHubAddress(hub: string): boolean {
  if (hub.length > limits.hubBytesMax || !URL.canParse(`wss://${hub}`)) return false;
  const { pathname, search, username, hash } = new URL(`wss://${hub}`);
  return pathname === '/' && search === '' && username === '' && hash === '' && !hub.endsWith('/');
}
