import { EnrolledTls, type EnrolledTlsOptions } from '@tributary/protocol/enrolment/enrolled-tls.ts';
import { type CertificateIdentity, identityOfCertificate } from './certificate-identity.ts';

/** The certificates of a running agent. */
export type AgentTls = EnrolledTls<CertificateIdentity>;

/** Throws a KeyMaterialError when there are certificates that cannot be used. */
export function openAgentTls(options: Omit<EnrolledTlsOptions<CertificateIdentity>, 'identityOf'>): Promise<AgentTls> {
  return EnrolledTls.open({ ...options, identityOf: identityOfCertificate });
}
