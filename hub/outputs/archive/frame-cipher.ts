/**
 * Encryption of an archive object at rest, frame by frame, so that a search still reads single frames: AES-256-GCM. Not its manifest, which
 * tells tenant, log type, machines, times and counts.
 *
 *     version (1 byte) · key id (8 bytes) · nonce (12 bytes) · ciphertext of the compressed frame · tag (16 bytes)
 *
 * The same plan has to write the same bytes after a crash (invariant 5), and a name may come to stand for another content when the hub's store was
 * brought back from an older copy: so a nonce is neither drawn nor counted, but made of what it is for, by HMAC-SHA-256 over the frame
 * (a synthetic nonce). Keys of encryption and nonces are derived from the file's key and the object's name (HKDF): frames of different
 * objects share none. Name and offset are authenticated, so that frames cannot change places.
 */
import { createCipheriv, createDecipheriv, createHmac, hash, hkdfSync } from 'node:crypto';
import { originalName } from './object-name.ts';

export interface EncryptionSpec {
  /** In hexadecimal digits: the first one encrypts, all decrypt. */
  readonly keys: readonly string[];
  /** Whether what is new is encrypted. */
  readonly encrypts: boolean;
}

/** An object that cannot be decrypted here; the message says why. */
export class CipherError extends Error {
  override readonly name = 'CipherError';
  readonly code = 'ARCHIVE_CIPHER';
}

export const keyBytes = 32;
const frameVersion = 1;
const idBytes = 8;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = 1 + idBytes + nonceBytes;

/** What tells a key from others and nothing of it. */
export function keyIdOf(key: string): string {
  return hash('sha256', `tributary archive key id 1 ${key}`, 'hex').slice(0, 2 * idBytes);
}

export class FrameCiphers {
  readonly #keys: ReadonlyMap<string, Buffer>;
  /** Of the key that encrypts; undefined: nothing is. */
  readonly encryptsWith: string | undefined;

  constructor(spec: EncryptionSpec | undefined) {
    const { keys = [], encrypts = false } = spec ?? {};
    this.#keys = new Map(keys.map((key) => [keyIdOf(key), Buffer.from(key, 'hex')]));
    this.encryptsWith = encrypts && keys[0] !== undefined ? keyIdOf(keys[0]) : undefined;
  }

  has(keyId: string): boolean {
    return this.#keys.has(keyId);
  }

  seal(frame: Uint8Array, { name, offset }: FramePlace): Buffer {
    const keyId = this.encryptsWith ?? '';
    const { cipherKey, nonceKey } = this.#derived(keyId, name);
    const place = placeBytes(name, offset);
    const nonce = createHmac('sha256', nonceKey).update(place).update(frame).digest().subarray(0, nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', cipherKey, nonce);
    cipher.setAAD(place);
    const head = Buffer.concat([Buffer.of(frameVersion), Buffer.from(keyId, 'hex'), nonce]);
    return Buffer.concat([head, cipher.update(frame), cipher.final(), cipher.getAuthTag()]);
  }

  /** The compressed frame. Throws a CipherError. */
  open(sealed: Uint8Array, { name, offset }: FramePlace): Buffer {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    if (bytes.length < headBytes + tagBytes || bytes[0] !== frameVersion)
      throw new CipherError('a frame is not encrypted as it should be');
    const { cipherKey } = this.#derived(bytes.toString('hex', 1, 1 + idBytes), name);
    const decipher = createDecipheriv('aes-256-gcm', cipherKey, bytes.subarray(1 + idBytes, headBytes));
    decipher.setAAD(placeBytes(name, offset));
    decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(headBytes, bytes.length - tagBytes)), decipher.final()]);
    } catch (cause) {
      throw new CipherError('an encrypted frame was altered, or stands where it does not belong', { cause });
    }
  }

  #derived(keyId: string, name: string): { readonly cipherKey: Buffer; readonly nonceKey: Buffer } {
    const key = this.#keys.get(keyId);
    if (key === undefined)
      throw new CipherError(
        `it is encrypted with the key ${keyId}: name its file as key_file or among old_key_files of the archive's encryption`,
      );
    const both = Buffer.from(hkdfSync('sha256', key, '', `tributary archive frame 1 ${originalName(name)}`, 2 * keyBytes));
    return { cipherKey: both.subarray(0, keyBytes), nonceKey: both.subarray(keyBytes) };
  }
}

/** Where a frame is: of the object as it is stored. */
export interface FramePlace {
  readonly name: string;
  readonly offset: number;
}

function placeBytes(name: string, offset: number): Buffer {
  return Buffer.from(`${originalName(name)} ${offset}`);
}
