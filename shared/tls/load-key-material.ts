/** Reads certificates and keys from files, and checks that they belong together. What is wrong is told by file, with what to do. */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { readFailure } from '../options/substitute.ts';
import { type KeyMaterial, KeyMaterialError, type KeyMaterialFiles } from './key-material.ts';
import { Pkcs12Error, readPkcs12 } from './pkcs12.ts';

const fileBytesMax = 1024 * 1024;
/** Of a chain, or of authorities. A system's whole list of authorities has about 150. */
const certificatesMax = 500;
const othersMask = 0o007;

/**
 * Throws a KeyMaterialError. Dates are not looked at: whoever uses the certificate tells about them (`dateProblem`), since one that is
 * expired still says who somebody is.
 */
export function loadKeyMaterial(files: KeyMaterialFiles): KeyMaterial {
  try {
    return materialOf(files);
  } catch (error) {
    if (error instanceof KeyMaterialError) throw error;
    const file = files.pkcs12 ?? files.cert ?? files.ca ?? '';
    throw new KeyMaterialError(`${file}: a certificate or key in it is of a kind that cannot be used here`, { cause: error });
  }
}

function materialOf(files: KeyMaterialFiles): KeyMaterial {
  const authorities = files.ca === undefined ? [] : certificatesOf(files.ca);
  const ca = authorities.map(pemOf);
  const own = ownMaterial(files);
  if (own === undefined) {
    return { context: ca.length === 0 ? {} : { ca }, chain: [], authorities, anchorFingerprint: fingerprintOf(authorities[0]) };
  }
  const { key, file } = own;
  const chain = chainOf(own.certificates, key);
  if (chain.length === 0) {
    const where = own.keyFile === file ? 'the key in it' : `the key in ${own.keyFile}`;
    throw new KeyMaterialError(`${file}: ${where} belongs to none of its certificates; put the certificate of this key there`);
  }
  const last = chain.at(-1);
  const issuer = last === undefined || isSelfSigned(last) ? undefined : authorities.find((authority) => signed(authority, last));
  return {
    context: {
      cert: chain.map(pemOf).join(''),
      key: key.export({ type: 'pkcs8', format: 'pem' }),
      ...(ca.length === 0 ? {} : { ca }),
    },
    chain,
    authorities,
    anchorFingerprint: fingerprintOf(issuer ?? last),
  };
}

/** Why the certificate cannot be used now, to go on after its name; undefined while it can. */
export function dateProblem(certificate: X509Certificate, nowMs: number): string | undefined {
  if (nowMs > certificate.validToDate.getTime()) return `expired on ${dayOf(certificate.validToDate)}`;
  if (nowMs < certificate.validFromDate.getTime()) return `is not valid before ${certificate.validFromDate.toISOString()}`;
  return undefined;
}

/** SHA-256 of the DER, lower-case hexadecimal. */
export function fingerprintOf(certificate: X509Certificate | undefined): string {
  return certificate?.fingerprint256.replaceAll(':', '').toLowerCase() ?? '';
}

interface OwnMaterial {
  readonly file: string;
  readonly keyFile: string;
  readonly key: KeyObject;
  readonly certificates: readonly X509Certificate[];
}

function ownMaterial({ cert, key, pkcs12, passphrase }: KeyMaterialFiles): OwnMaterial | undefined {
  if (pkcs12 !== undefined) return fromPkcs12(pkcs12, passphrase);
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined) throw new KeyMaterialError(`${key}: a key needs its certificate; name its file as well`);
  if (key === undefined) throw new KeyMaterialError(`${cert}: a certificate needs its key; name its file as well`);
  return { file: cert, keyFile: key, key: loadPrivateKey(key, passphrase), certificates: certificatesOf(cert) };
}

function fromPkcs12(file: string, passphrase: string | undefined): OwnMaterial {
  const bytes = readPrivately(file);
  try {
    const { key, certificates } = readPkcs12(bytes, passphrase);
    return { file, keyFile: file, key, certificates: certificates.map((der) => new X509Certificate(der)) };
  } catch (error) {
    if (!(error instanceof Pkcs12Error)) throw new KeyMaterialError(`${file}: a certificate in it is damaged`, { cause: error });
    const hint = error.code === 'PASSPHRASE' ? `; ${passphraseHint}` : '';
    throw new KeyMaterialError(`${file}: ${error.message}${hint}`);
  }
}

const passphraseHint = 'give the right one as tls.passphrase, best as ${file:PATH}';

/** Throws a KeyMaterialError. */
export function loadPrivateKey(file: string, passphrase?: string): KeyObject {
  const text = readPrivately(file).toString('latin1');
  const [block] = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^-]*(?:-[^-]+)*-----END \1-----/.exec(text) ?? [];
  if (block === undefined) throw new KeyMaterialError(`${file}: holds no private key in PEM (BEGIN PRIVATE KEY)`);
  const isEncrypted = block.startsWith('-----BEGIN ENCRYPTED ') || /^Proc-Type: 4,ENCRYPTED/m.test(block);
  if (isEncrypted && passphrase === undefined) {
    throw new KeyMaterialError(`${file}: the key is encrypted and needs its passphrase; ${passphraseHint}`);
  }
  try {
    return createPrivateKey(isEncrypted ? { key: block, passphrase: passphrase ?? '' } : { key: block });
  } catch {
    // OpenSSL's reason is not told: it says nothing that helps, and a message of its own must not carry what was in the file.
    const reason = isEncrypted
      ? `the key cannot be opened with this passphrase; ${passphraseHint}`
      : 'the key is damaged or of a kind that is not known; make it with openssl genpkey, or ask whoever made it';
    throw new KeyMaterialError(`${file}: ${reason}`);
  }
}

function certificatesOf(file: string): X509Certificate[] {
  const text = readBounded(file, () => undefined).toString('latin1');
  const blocks =
    text.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new KeyMaterialError(`${file}: holds no certificate in PEM (BEGIN CERTIFICATE)`);
  if (blocks.length > certificatesMax) {
    throw new KeyMaterialError(`${file}: holds ${blocks.length} certificates; ${certificatesMax} are the most`);
  }
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch {
      throw new KeyMaterialError(`${file}: certificate ${index + 1} in it is damaged; get the file again`);
    }
  });
}

/** The leaf is the certificate of the key; each next one is who signed the one before. Files do not always have this order. */
function chainOf(certificates: readonly X509Certificate[], key: KeyObject): X509Certificate[] {
  const publicKey = createPublicKey(key);
  let next = certificates.find((certificate) => certificate.publicKey.equals(publicKey));
  const left = new Set(certificates);
  const chain: X509Certificate[] = [];
  while (next !== undefined) {
    const current: X509Certificate = next;
    chain.push(current);
    left.delete(current);
    if (isSelfSigned(current)) break;
    next = [...left].find((candidate) => signed(candidate, current));
  }
  return chain;
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return signed(certificate, certificate);
}

function signed(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function pemOf(certificate: X509Certificate): string {
  return certificate.toString();
}

/** A file with a key: one that others on this machine may read is not secret any more. */
function readPrivately(file: string): Buffer {
  return readBounded(file, (stats) => {
    // Windows has other rights, which its mode does not show.
    if (process.platform === 'win32' || (stats.mode & othersMask) === 0) return;
    throw new KeyMaterialError(`${file}: holds a key that every user of this machine may read; chmod o-rwx ${file}`);
  });
}

function readBounded(file: string, check: (stats: Stats) => void): Buffer {
  let handle: number | undefined;
  try {
    // A pipe would have us wait for its writer.
    handle = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(handle);
    if (!stats.isFile()) throw new KeyMaterialError(`${file}: is not a file`);
    if (stats.size > fileBytesMax) throw new KeyMaterialError(`${file}: is far too long for certificates and keys`);
    check(stats);
    return readFileSync(handle);
  } catch (error) {
    if (error instanceof KeyMaterialError) throw error;
    throw new KeyMaterialError(`${file}: ${readFailure(error)}`, { cause: error });
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
