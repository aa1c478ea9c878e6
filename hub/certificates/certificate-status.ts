/** What is told of the hub's certificates: for `status`, `check` and the findings. */
import { basename } from 'node:path';
import type { X509Certificate } from 'node:crypto';
import { printable } from '@tributary/shared/printable.ts';
import type { KeyMaterial, KeyMaterialError } from '@tributary/shared/tls/key-material.ts';
import { fingerprintOf } from '@tributary/shared/tls/load-key-material.ts';
import type { Finding } from '../health/findings.ts';

export interface CertificateStatus {
  readonly role: 'hub' | 'issuer' | 'authority';
  readonly file: string;
  /** Of its subject, on one line. */
  readonly subject: string;
  /** SHA-256 of the DER, lower-case hexadecimal. */
  readonly fingerprint: string;
  /** RFC 3339, UTC. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** Whole ones; negative when it is expired. */
  readonly daysLeft: number;
}

export interface CertificateFiles {
  /** Of the chain. */
  readonly hub: string;
  readonly authorities: string | undefined;
}

const dayMs = 24 * 3_600_000;
const yellowBelowDays = 30;
const redBelowDays = 7;
const subjectCharactersMax = 200;
/** A file of authorities may hold all that a system trusts: the first that end are told. */
const certificatesMax = 20;

/** The hub's certificate first, then what ends first. One that is in the chain and in `ca` is told once. */
export function certificateStatus(material: KeyMaterial, files: CertificateFiles, nowMs: number): CertificateStatus[] {
  const told = new Map<string, CertificateStatus>();
  const add = (certificate: X509Certificate, role: CertificateStatus['role'], file: string): void => {
    const status = statusOf(certificate, { role, file, nowMs });
    if (!told.has(status.fingerprint)) told.set(status.fingerprint, status);
  };
  const [leaf, ...issuers] = material.chain;
  if (leaf !== undefined) add(leaf, 'hub', files.hub);
  for (const authority of material.authorities) add(authority, 'authority', files.authorities ?? files.hub);
  for (const issuer of issuers) add(issuer, 'issuer', files.hub);
  const order = (status: CertificateStatus): number => (status.role === 'hub' ? -Infinity : Date.parse(status.notAfter));
  return [...told.values()].toSorted((one, other) => order(one) - order(other)).slice(0, certificatesMax);
}

export function expiryFindings(certificates: readonly CertificateStatus[]): Finding[] {
  return certificates
    .filter(({ daysLeft }) => daysLeft < yellowBelowDays)
    .map(({ role, file, subject, notAfter, daysLeft }) => {
      const what = role === 'hub' ? `the hub's certificate in ${file}` : `the authority's certificate in ${file}`;
      const when =
        daysLeft < 0 ? `expired on ${notAfter}: nobody connects any more` : `expires in ${daysLeft} days, on ${notAfter}`;
      return {
        kind: 'certificate-expires',
        subject: role === 'hub' ? basename(file) : `${basename(file)} (${subject})`,
        level: daysLeft < redBelowDays ? 'red' : 'yellow',
        reason: `${what} ${when}; put a new one there, it is used without a restart`,
      };
    });
}

export function unusableFinding(problem: KeyMaterialError, material: KeyMaterial): Finding {
  const until = material.chain[0]?.validToDate.toISOString();
  const kept = until === undefined ? '' : `; the one before is used until that is mended, at the latest until ${until}`;
  return { kind: 'certificate-unusable', subject: 'tls', level: 'red', reason: `${problem.message}${kept}` };
}

function statusOf(
  certificate: X509Certificate,
  { role, file, nowMs }: { role: CertificateStatus['role']; file: string; nowMs: number },
): CertificateStatus {
  const notAfterMs = certificate.validToDate.getTime();
  return {
    role,
    file,
    subject: printable(certificate.subject.replaceAll('\n', ', ')).slice(0, subjectCharactersMax),
    fingerprint: fingerprintOf(certificate),
    notBefore: certificate.validFromDate.toISOString(),
    notAfter: certificate.validToDate.toISOString(),
    daysLeft: Math.floor((notAfterMs - nowMs) / dayMs),
  };
}
