/**
 * Secrets of tokens and cookies: 192 random bits that nobody chose, so that a plain hash of them is enough. Only the hash is kept,
 * and compared in constant time.
 */
import { hash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';

const secretBytes = 24;
const tokenIdLength = 12;
const idCharacters = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** In base64url, 32 characters. */
export function makeSecret(): string {
  return randomBytes(secretBytes).toString('base64url');
}

/** The public name of a token, which lists and the trail show. */
export function makeTokenId(): string {
  return Array.from({ length: tokenIdLength }, () => idCharacters[randomInt(idCharacters.length)]).join('');
}

/** SHA-256, lower-case hexadecimal: what is stored. */
export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'hex');
}

/** In constant time for what has the length of a hash. */
export function secretHashesEqual(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one, 'latin1'), Buffer.from(other, 'latin1')];
  return first.length === second.length && timingSafeEqual(first, second);
}

export interface ApiToken {
  readonly tokenId: string;
  readonly secret: string;
}

/** What a program sends as `Authorization: Bearer …`. */
export function formatApiToken({ tokenId, secret }: ApiToken): string {
  return `tributary_${tokenId}_${secret}`;
}

/** Undefined for anything else. */
export function parseApiToken(text: string): ApiToken | undefined {
  const [, tokenId, secret] = /^tributary_([a-z0-9]{8,32})_([\w-]{32,64})$/.exec(text) ?? [];
  return tokenId === undefined || secret === undefined ? undefined : { tokenId, secret };
}
