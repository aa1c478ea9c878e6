/** What the platform channel is told of the hub's certificates: how long each holds, from time to time, and when they changed. */
import { printable } from '@tributary/shared/printable.ts';
import type { HubEventSink } from '../platform/hub-events.ts';
import type { CertificateStatus } from './certificate-status.ts';

type Sink = Pick<HubEventSink, 'report'>;

/** A metric of each: whoever draws `tributary.certificate.days_left` sees the end coming. */
export function measureCertificates(events: Sink, certificates: readonly CertificateStatus[]): void {
  for (const certificate of certificates) {
    events.report({
      action: 'certificate-measured',
      message: `${printable(certificate.file)} holds for ${certificate.daysLeft} days`,
      level: 'info',
      category: 'configuration',
      fields: { event: { kind: 'metric', dataset: 'tributary.certificate' }, ...fieldsOf(certificate) },
    });
  }
}

export function certificatesChanged(events: Sink, [own]: readonly CertificateStatus[]): void {
  if (own === undefined) return;
  events.report({
    action: 'certificate-changed',
    message: "the hub's certificate was changed, and is used for new connections",
    level: 'info',
    category: 'configuration',
    type: 'change',
    fields: fieldsOf(own),
  });
}

function fieldsOf({
  role,
  file,
  subject,
  fingerprint,
  notBefore,
  notAfter,
  daysLeft,
}: CertificateStatus): Record<string, unknown> {
  return {
    file: { path: file, x509: { subject: { distinguished_name: subject }, not_before: notBefore, not_after: notAfter } },
    tributary: { certificate: { role, fingerprint, days_left: daysLeft } },
  };
}
