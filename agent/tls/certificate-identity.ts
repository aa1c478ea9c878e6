import type { X509Certificate } from 'node:crypto';
import { certificateNames } from '@tributary/protocol/enrolment/certificate-names.ts';
import type { Id } from '@tributary/protocol/messages.ts';
import { printable } from '@tributary/shared/printable.ts';
import { fingerprintOf } from '@tributary/shared/tls/load-key-material.ts';

/** Who a certificate says this agent is. */
export interface CertificateIdentity {
  readonly subject: string;
  /** SHA-256 of the DER, lower-case hexadecimal: as the hub's list of agents has it. */
  readonly fingerprint: string;
  readonly agentId: Id;
  readonly siteId: Id;
  readonly tenant: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Undefined for a certificate that names no agent. */
export function identityOfCertificate(certificate: X509Certificate): CertificateIdentity | undefined {
  const names = certificateNames(certificate);
  if (names?.kind !== 'agent') return undefined;
  const { agentId, siteId, tenant } = names;
  return {
    subject: printable(certificate.subject.replaceAll('\n', ', ')),
    fingerprint: fingerprintOf(certificate),
    agentId,
    siteId,
    tenant,
    notBeforeMs: certificate.validFromDate.getTime(),
    notAfterMs: certificate.validToDate.getTime(),
  };
}
