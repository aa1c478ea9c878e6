/**
 * Who is at the other end of a TLS connection: its certificate must be signed by the site's authority, be valid today, name an agent or
 * a lower site of this site and nothing else, and be known to the registry as not revoked. Names are read from the certificate's
 * bytes, never from text that a library has put together. Who is refused is told why in a sentence for a person.
 *
 * The site's own authority signs nobody whom the registry does not have. With one of the company (`tls.ca`) whoever it names is
 * believed, and the registry has it from its first Hello on; `agent revoke` works by id in either case.
 */
import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { type CertificateNames, namesOf } from '@tributary/protocol/enrolment/certificate-names.ts';
import type { CertificateProblem } from '@tributary/protocol/enrolment/messages.ts';
import type { Id } from '@tributary/protocol/messages.ts';
import { urisOfCertificate } from '@tributary/shared/tls/certificate-uris.ts';
import { dateProblem, fingerprintOf } from '@tributary/shared/tls/load-key-material.ts';
import type { PeerVerdict } from '../../intake/peer-identity.ts';
import type { Agent, Registry } from '../../registry/registry.ts';

export interface CertificateJudge {
  readonly siteId: Id;
  /** Name of the site, for people. */
  readonly site: string;
  readonly registry: Pick<Registry, 'agent'>;
  /** Whose certificates are taken. */
  readonly authorities: () => readonly X509Certificate[];
  /** Certificates come from an authority that is not this site's own (`tls.ca`). */
  readonly ownPki: boolean;
  readonly now: () => number;
}

/** What TLS has found out of the peer's certificate. */
export interface Presented {
  readonly certificate: X509Certificate | undefined;
  /** Undefined: the chain is good. */
  readonly problem: string | undefined;
}

export function presentedBy(socket: TLSSocket): Presented {
  const certificate = socket.getPeerX509Certificate();
  const { authorized, authorizationError } = socket;
  // Node's types say Error, Node says its code.
  const problem = authorized ? undefined : String(authorizationError);
  return { certificate, problem };
}

export function judgeCertificate({ certificate, problem }: Presented, judge: CertificateJudge): PeerVerdict {
  if (certificate === undefined) {
    return refused(
      'no-certificate',
      'this hub takes only peers with a certificate: enrol this one with tributary-agent enroll TOKEN',
    );
  }
  const expired = dateProblem(certificate, judge.now());
  if (problem !== undefined || expired !== undefined) return untrusted(certificate, expired, judge);
  const names = namesOf(urisOfCertificate(certificate.raw));
  if (names === undefined || names.kind === 'hub') {
    return refused(
      'no-names',
      'this certificate names no agent and no lower site: enrol again with tributary-agent enroll TOKEN',
    );
  }
  if (names.siteId !== judge.siteId) {
    const hint = `this certificate is for another site than ${judge.site}: connect to the hub that it was made by, or enrol here`;
    return refused('other-site', hint);
  }
  return judgeNames(names, certificate, judge);
}

function untrusted(certificate: X509Certificate, expired: string | undefined, judge: CertificateJudge): PeerVerdict {
  // OpenSSL tells one of several faults. Of a stranger's certificate the date says nothing.
  const isOurs = judge.authorities().some((one) => certificate.checkIssued(one) && certificate.verify(one.publicKey));
  if (expired !== undefined && isOurs) {
    return refused('expired', `this certificate ${expired}: ${remedyOf(certificate, judge)}`);
  }
  const hint = `this certificate is not of the authority of site ${judge.site}: enrol here with tributary-agent enroll TOKEN`;
  return refused('other-authority', hint);
}

function remedyOf(certificate: X509Certificate, { ownPki, now }: CertificateJudge): string {
  if (now() < certificate.validFromDate.getTime()) return 'is the clock of this hub right?';
  if (ownPki) return 'get a new one';
  return 'enrol this machine again with tributary-agent enroll TOKEN, by which it stays who it is; and see that its clock is right';
}

type PeerNames = Exclude<CertificateNames, { readonly kind: 'hub' }>;

function judgeNames(names: PeerNames, certificate: X509Certificate, judge: CertificateJudge): PeerVerdict {
  const id = names.kind === 'agent' ? names.agentId : names.hubId;
  if (names.kind === 'lower-site' && names.lowerSiteId === judge.siteId)
    return refused('no-names', 'this certificate names this very site as its lower site');
  const problem = registryProblem(names, judge.registry.agent(id), judge);
  if (problem !== undefined) return { ...problem, subject: id };
  const fingerprint = fingerprintOf(certificate);
  const notAfterMs = certificate.validToDate.getTime();
  if (names.kind === 'agent') {
    return { kind: 'known', identity: { kind: 'agent', agentId: id, tenant: names.tenant, fingerprint, notAfterMs } };
  }
  const { lowerSiteId: siteId, hubId, tenants } = names;
  return { kind: 'known', identity: { kind: 'lower-site', siteId, hubId, tenants, fingerprint, notAfterMs } };
}

/** Whether this very certificate is still the agent's is judged with its Hello: what was replaced may be a clone's, and is told so. */
function registryProblem(
  names: PeerNames,
  agent: Agent | undefined,
  { ownPki }: CertificateJudge,
): Extract<PeerVerdict, { kind: 'refused' }> | undefined {
  const isHub = names.kind !== 'agent';
  if (agent?.state === 'revoked') {
    const again = isHub ? 'a token of tributary-hub token create --hub' : 'tributary-agent enroll --renew TOKEN';
    return refused('revoked', `this ${isHub ? 'hub' : 'agent'} was revoked: if it is to come back, enrol it anew with ${again}`);
  }
  if (agent === undefined && ownPki) return undefined;
  if (agent?.kind === (isHub ? 'hub' : 'agent')) return undefined;
  const again = isHub ? 'a token of tributary-hub token create --hub' : 'tributary-agent enroll TOKEN';
  const who = isHub ? 'hub' : 'agent';
  return refused(
    'not-known',
    `this site does not know this ${who}, its registry may be an older copy: enrol it again with ${again}`,
  );
}

function refused(error: CertificateProblem, hint: string): Extract<PeerVerdict, { kind: 'refused' }> {
  return { kind: 'refused', error, hint };
}
