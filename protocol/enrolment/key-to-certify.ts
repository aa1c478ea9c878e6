/** The agent's key: made here, on P-256, and never sent anywhere. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type KeyToCertify, proofText } from './messages.ts';
import type { Id } from '../messages.ts';

/** PEM, PKCS#8. */
export function newKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
}

export function keyOf(pem: string): KeyObject {
  return createPrivateKey(pem);
}

/** The public half, and the proof that the private half is here. `context`: `enrol <tokenId>` or `renew`. */
export function keyToCertify(pem: string, context: string, id: Id): KeyToCertify {
  const key = keyOf(pem);
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');
  return { publicKey, proof: sign('sha256', Buffer.from(proofText(context, id, publicKey)), key).toString('base64') };
}
