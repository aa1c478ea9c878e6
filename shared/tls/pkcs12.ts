/**
 * Takes key and certificates out of a PKCS#12 file (RFC 7292), which Node's TLS uses but does not give away. OpenSSL checks the
 * file's MAC and the passphrase first, so that what is taken apart here is what the owner of the passphrase made. Read is what OpenSSL,
 * Java and Windows write: PBES2 (PBKDF2 with AES) and the older SHA-1 with Triple DES. RC2 of the time before is told how to convert.
 */
import { createDecipheriv, createHash, createPrivateKey, type KeyObject, pbkdf2Sync } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { childAt, childrenOf, type DerElement, DerError, derTag, oidText, readDer, smallInteger } from './der.ts';

export interface Pkcs12Content {
  readonly key: KeyObject;
  /** DER, in the order of the file. */
  readonly certificates: readonly Uint8Array[];
}

/** The message goes on after the name of the file, and says what to do. */
export class Pkcs12Error extends Error {
  override readonly name = 'Pkcs12Error';
  readonly code: 'PASSPHRASE' | 'CONTENT';
  constructor(code: Pkcs12Error['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const oid = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  sha1TripleDes: '1.2.840.113549.1.12.1.3',
} as const;

const ciphers: Readonly<Record<string, { readonly name: string; readonly keyBytes: number }>> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyBytes: 24 },
  '2.16.840.1.101.3.4.1.42': { name: 'aes-256-cbc', keyBytes: 32 },
  '1.2.840.113549.3.7': { name: 'des-ede3-cbc', keyBytes: 24 },
};

const pseudoRandomFunctions: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};

/** A derivation takes about half a second per million of these; it is done twice. */
const iterationsMax = 5_000_000;

const convertHint =
  'convert it: openssl pkcs12 -legacy -in OLD -nodes -out both.pem; openssl pkcs12 -export -in both.pem -out NEW; rm both.pem';

/** Throws a Pkcs12Error. */
export function readPkcs12(file: Uint8Array, passphrase: string | undefined): Pkcs12Content {
  checkWithOpenssl(file, passphrase);
  try {
    return contentOf(file, passphrase ?? '');
  } catch (error) {
    if (error instanceof Pkcs12Error) throw error;
    const reason = error instanceof DerError ? error.message : 'a part of it cannot be decrypted';
    throw new Pkcs12Error('CONTENT', `is a PKCS#12 file of an unusual kind (${reason}); ${convertHint}`);
  }
}

function checkWithOpenssl(file: Uint8Array, passphrase: string | undefined): void {
  try {
    createSecureContext({ pfx: Buffer.from(file), ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    if (/mac verify failure/i.test(message)) {
      const hint = passphrase === undefined ? 'needs a passphrase' : 'cannot be opened with this passphrase';
      throw new Pkcs12Error('PASSPHRASE', hint);
    }
    if (/unsupported/i.test(message)) {
      throw new Pkcs12Error('CONTENT', `is encrypted in a way that is no longer secure; ${convertHint}`);
    }
    if (/unable to load private key/i.test(message)) throw noKey();
    throw new Pkcs12Error('CONTENT', 'is no PKCS#12 file with a key and its certificate, or it is damaged');
  }
}

function contentOf(file: Uint8Array, passphrase: string): Pkcs12Content {
  const found = { keys: new Array<KeyObject>(), certificates: new Array<Uint8Array>() };
  const authenticated = dataOf(childAt(readDer(file, derTag.sequence), 1, derTag.sequence));
  for (const contentInfo of childrenOf(readDer(authenticated, derTag.sequence))) {
    const contents = safeContentsOf(contentInfo, passphrase);
    for (const bag of childrenOf(readDer(contents, derTag.sequence))) {
      const value = childAt(bag, 1, derTag.explicit0);
      switch (oidText(childAt(bag, 0, derTag.oid))) {
        case oid.keyBag:
        case oid.shroudedKeyBag:
          found.keys.push(createPrivateKey({ key: Buffer.from(value.content), format: 'der', type: 'pkcs8', passphrase }));
          break;
        case oid.certificateBag:
          found.certificates.push(certificateOf(value));
          break;
        default:
          // Lists of revocations, secrets of Java's: not ours.
          break;
      }
    }
  }
  const [key, ...more] = found.keys;
  if (key === undefined) throw noKey();
  if (more.length > 0) {
    throw new Pkcs12Error('CONTENT', `holds ${found.keys.length} keys; export the one that is meant into a file of its own`);
  }
  return { key, certificates: found.certificates };
}

function noKey(): Pkcs12Error {
  return new Pkcs12Error('CONTENT', 'holds no private key; export the key together with its certificate');
}

function certificateOf(bagValue: DerElement): Uint8Array {
  const bag = readDer(bagValue.content, derTag.sequence);
  if (oidText(childAt(bag, 0, derTag.oid)) !== oid.x509Certificate) throw new DerError('a certificate is not of X.509');
  return childAt(childAt(bag, 1, derTag.explicit0), 0, derTag.octetString).content;
}

/** Of a ContentInfo of the type `data`. */
function dataOf(contentInfo: DerElement): Uint8Array {
  if (oidText(childAt(contentInfo, 0, derTag.oid)) !== oid.data) throw new DerError('it is signed instead of having a MAC');
  return childAt(childAt(contentInfo, 1, derTag.explicit0), 0, derTag.octetString).content;
}

function safeContentsOf(contentInfo: DerElement, passphrase: string): Uint8Array {
  if (oidText(childAt(contentInfo, 0, derTag.oid)) !== oid.encryptedData) return dataOf(contentInfo);
  const encryptedData = childAt(childAt(contentInfo, 1, derTag.explicit0), 0, derTag.sequence);
  const encrypted = childAt(encryptedData, 1, derTag.sequence);
  return decrypt(childAt(encrypted, 1, derTag.sequence), childAt(encrypted, 2, derTag.context0).content, passphrase);
}

function decrypt(algorithm: DerElement, bytes: Uint8Array, passphrase: string): Uint8Array {
  const scheme = oidText(childAt(algorithm, 0, derTag.oid));
  const parameters = childAt(algorithm, 1, derTag.sequence);
  let derived: { cipher: string; key: Uint8Array; iv: Uint8Array };
  if (scheme === oid.pbes2) derived = pbes2(parameters, passphrase);
  else if (scheme === oid.sha1TripleDes) derived = sha1TripleDes(parameters, passphrase);
  else throw new DerError(`it is encrypted by ${scheme}`);
  const decipher = createDecipheriv(derived.cipher, derived.key, derived.iv);
  return Buffer.concat([decipher.update(bytes), decipher.final()]);
}

function pbes2(parameters: DerElement, passphrase: string): { cipher: string; key: Uint8Array; iv: Uint8Array } {
  const derivation = childAt(parameters, 0, derTag.sequence);
  const encryption = childAt(parameters, 1, derTag.sequence);
  const cipher = ciphers[oidText(childAt(encryption, 0, derTag.oid))];
  if (cipher === undefined || oidText(childAt(derivation, 0, derTag.oid)) !== oid.pbkdf2) {
    throw new DerError('it is encrypted by a scheme that is not known here');
  }
  const derivationParameters = childAt(derivation, 1, derTag.sequence);
  const salt = childAt(derivationParameters, 0, derTag.octetString).content;
  const iterations = iterationsOf(childAt(derivationParameters, 1, derTag.integer));
  const named = childrenOf(derivationParameters).find(({ tag }) => tag === derTag.sequence);
  const digest = named === undefined ? 'sha1' : pseudoRandomFunctions[oidText(childAt(named, 0, derTag.oid))];
  if (digest === undefined) throw new DerError('its key is derived in a way that is not known here');
  const key = pbkdf2Sync(passphrase, salt, iterations, cipher.keyBytes, digest);
  return { cipher: cipher.name, key, iv: childAt(encryption, 1, derTag.octetString).content };
}

function sha1TripleDes(parameters: DerElement, passphrase: string): { cipher: string; key: Uint8Array; iv: Uint8Array } {
  const salt = childAt(parameters, 0, derTag.octetString).content;
  const iterations = iterationsOf(childAt(parameters, 1, derTag.integer));
  const derive = (purpose: number, bytes: number): Uint8Array => deriveBySha1({ passphrase, salt, iterations, purpose, bytes });
  return { cipher: 'des-ede3-cbc', key: derive(1, 24), iv: derive(2, 8) };
}

function iterationsOf(element: DerElement): number {
  const iterations = smallInteger(element);
  if (iterations < 1 || iterations > iterationsMax) throw new DerError(`its key is derived in ${iterations} rounds`);
  return iterations;
}

interface Derivation {
  readonly passphrase: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** 1: a key, 2: an initialisation vector. */
  readonly purpose: number;
  readonly bytes: number;
}

/** RFC 7292, appendix B.2, with SHA-1. */
function deriveBySha1({ passphrase, salt, iterations, purpose, bytes }: Derivation): Uint8Array {
  const blockBytes = 64;
  const diversifier = Buffer.alloc(blockBytes, purpose);
  const password = Buffer.from(`${passphrase}\0`, 'utf16le').swap16();
  const input = Buffer.concat([repeated(salt, blockBytes), repeated(password, blockBytes)]);
  const parts: Buffer[] = [];
  for (let made = 0; made < bytes; made += 20) {
    let digest = createHash('sha1').update(diversifier).update(input).digest();
    for (let round = 1; round < iterations; round++) digest = createHash('sha1').update(digest).digest();
    parts.push(digest);
    addToBlocks(input, repeated(digest, blockBytes), blockBytes);
  }
  return Buffer.concat(parts).subarray(0, bytes);
}

/** As often as it takes to fill whole blocks. */
function repeated(bytes: Uint8Array, blockBytes: number): Buffer {
  const length = bytes.length === 0 ? 0 : Math.ceil(bytes.length / blockBytes) * blockBytes;
  return Buffer.from(Array.from({ length }, (_, index) => bytes[index % bytes.length] ?? 0));
}

/** Each block of `input` plus `addend` plus one, as numbers of that many bytes. */
function addToBlocks(input: Buffer, addend: Uint8Array, blockBytes: number): void {
  for (let begin = 0; begin < input.length; begin += blockBytes) {
    let carry = 1;
    for (let index = blockBytes - 1; index >= 0; index--) {
      const sum = (input[begin + index] ?? 0) + (addend[index] ?? 0) + carry;
      input[begin + index] = sum & 0xff;
      carry = sum >> 8;
    }
  }
}
