import type { X509Certificate } from 'node:crypto';
import { certificateNames } from '@tributary/protocol/enrolment/certificate-names.ts';
import type { Id } from '@tributary/protocol/messages.ts';

/** Who a certificate says this hub is at its upstream. */
export interface UpstreamCertificate {
  readonly upperSiteId: Id;
  readonly lowerSiteId: Id;
  readonly hubId: Id;
  readonly tenants: readonly string[] | 'all';
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Undefined for a certificate that names no hub of a lower site. */
export function upstreamCertificate(certificate: X509Certificate): UpstreamCertificate | undefined {
  const names = certificateNames(certificate);
  if (names?.kind !== 'lower-site') return undefined;
  const { siteId: upperSiteId, lowerSiteId, hubId, tenants } = names;
  const dates = { notBeforeMs: certificate.validFromDate.getTime(), notAfterMs: certificate.validToDate.getTime() };
  return { upperSiteId, lowerSiteId, hubId, tenants, ...dates };
}
