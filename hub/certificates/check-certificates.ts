/** What `check` says of the certificates: whether the hub could start with them now, and for how long. Changes nothing. */
import { existsSync } from 'node:fs';
import type { Clock } from '@tributary/shared/clock.ts';
import { KeyMaterialError } from '@tributary/shared/tls/key-material.ts';
import { loadKeyMaterial } from '@tributary/shared/tls/load-key-material.ts';
import type { HubOptions } from '../options.ts';
import { Authority } from './authority.ts';
import { certificateStatus, type CertificateStatus, expiryFindings } from './certificate-status.ts';
import { hubTlsFiles, refuseMissing, signsItself } from './hub-tls.ts';
import { pkiFiles } from './pki-files.ts';

export interface CertificateCheck {
  readonly certificates: readonly CertificateStatus[];
  /** The hub cannot start with these. */
  readonly problems: readonly string[];
  /** It can, and somebody has to do something soon. */
  readonly warnings: readonly string[];
}

export function checkCertificates(options: HubOptions, clock: Pick<Clock, 'now'>): CertificateCheck {
  if (options.tls === undefined) return { certificates: [], problems: [], warnings: [] };
  try {
    const files = hubTlsFiles(options);
    const own = pkiFiles(options.data_dir);
    const hasAuthority = existsSync(own.authorityCertificate) && existsSync(own.authorityKey);
    if (hasAuthority && (options.tls.ca === undefined || signsItself(options))) Authority.load(own, clock);
    // What `run` would sign by itself is not missed.
    const hasPair = existsSync(own.hubCertificate) && existsSync(own.hubKey);
    const isToBeMade = hasAuthority && signsItself(options) && !hasPair;
    if (!isToBeMade) refuseMissing(files, options);
    const material = loadKeyMaterial(isToBeMade ? { ca: files.ca } : files);
    const names = { hub: files.pkcs12 ?? files.cert ?? '', authorities: files.ca };
    const certificates = certificateStatus(material, names, clock.now());
    return { certificates, problems: [], warnings: expiryFindings(certificates).map(({ reason }) => reason) };
  } catch (error) {
    if (!(error instanceof KeyMaterialError)) throw error;
    return { certificates: [], problems: [error.message], warnings: [] };
  }
}
