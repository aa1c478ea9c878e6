/** What a hub answers is looked at before anything of it is kept: it becomes who this agent is and whom it trusts. */
import { X509Certificate } from 'node:crypto';
import type { EnrolmentAnswer } from './messages.ts';
import * as limits from '../limits.ts';
import type { Id } from '../messages.ts';
import { fingerprintOf } from '@tributary/shared/tls/load-key-material.ts';
import { isHubAddress } from '@tributary/shared/network/hub-address.ts';
import { type CertificateNames, certificateNames } from './certificate-names.ts';
import { keyOf } from './key-to-certify.ts';

export class EnrolmentAnswerError extends Error {
  override readonly name = 'EnrolmentAnswerError';
  readonly code = 'ENROLMENT_ANSWER';
}

/** Whom the certificate is to be for. */
export type Certified = { readonly agentId: Id } | { readonly hubId: Id; readonly lowerSiteId: Id };

export interface Expected {
  readonly who: Certified;
  /** PEM of the private key that was to be certified. */
  readonly key: string;
  /** The authority that a token named; undefined for a renewal, whose channel is verified by the one before. */
  readonly anchor: string | undefined;
  readonly nowMs: number;
}

const tenantPattern = /^[a-z0-9_]{1,50}$/;
const siteCharactersMax = 200;
const authoritiesMax = 16;

/** Throws an EnrolmentAnswerError that says what does not fit. */
export function checkedAnswer(value: unknown, expected: Expected): EnrolmentAnswer {
  const answer = shapeOf(value);
  if (answer === undefined) throw wrong('it is not of the form that the protocol asks for');
  const certificate = certificateIn(answer.certificate);
  const authorities = authoritiesIn(answer.authority);
  if (certificate === undefined || authorities.length === 0) throw wrong('a certificate in it is damaged');
  if (!certificate.checkPrivateKey(keyOf(expected.key))) throw wrong('its certificate is for another key');
  const names = certificateNames(certificate);
  if (names === undefined || !isFor(names, expected.who)) throw wrong('its certificate is for somebody else');
  if (names.siteId !== answer.siteId || tenantsIn(names).join() !== answer.tenants.join()) {
    throw wrong('its certificate names another site or tenant than the answer');
  }
  if (certificate.validToDate.getTime() <= expected.nowMs) {
    throw wrong(`its certificate expired on ${certificate.validToDate.toISOString()}: is the clock of this machine right?`);
  }
  // An authority may sign hubs while another one of the site signs agents: then nothing here says who signed, and the hub will.
  const issuer = authorities.find((authority) => certificate.checkIssued(authority));
  if (issuer !== undefined && !certificate.verify(issuer.publicKey))
    throw wrong('its certificate was not signed by the authority');
  const { anchor } = expected;
  if (anchor !== undefined && !authorities.some((authority) => fingerprintOf(authority) === anchor)) {
    throw wrong('its authority is another than the token says');
  }
  return answer;
}

function isFor(names: CertificateNames, who: Certified): boolean {
  if ('agentId' in who) return names.kind === 'agent' && names.agentId === who.agentId;
  return names.kind === 'lower-site' && names.hubId === who.hubId && names.lowerSiteId === who.lowerSiteId;
}

function tenantsIn(names: CertificateNames): readonly string[] {
  if (names.kind === 'hub') return [];
  if (names.kind === 'agent') return [names.tenant];
  return names.tenants === 'all' ? ['*'] : names.tenants;
}

function wrong(reason: string): EnrolmentAnswerError {
  return new EnrolmentAnswerError(`the hub's answer cannot be used: ${reason}`);
}

function certificateIn(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function authoritiesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length > authoritiesMax) return [];
  const read = blocks.map(certificateIn).filter((certificate) => certificate !== undefined);
  return read.length === blocks.length ? read : [];
}

/** Unknown fields are left behind: a newer hub may say more. */
function shapeOf(value: unknown): EnrolmentAnswer | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { certificate, authority, siteId, site, tenants, labels, hubs }: Record<string, unknown> = { ...value };
  if (typeof certificate !== 'string' || typeof authority !== 'string' || typeof site !== 'string') return undefined;
  if (typeof siteId !== 'string' || !/^[0-9a-f]{32}$/.test(siteId) || site.length > siteCharactersMax) return undefined;
  if (!isTexts(tenants) || !tenants.every((tenant) => tenant === '*' || tenantPattern.test(tenant))) return undefined;
  if (!isTexts(hubs) || hubs.length === 0 || hubs.length > limits.hubsMax) return undefined;
  if (!hubs.every((hub) => hub.length <= limits.hubBytesMax && hub.startsWith('wss://') && isHubAddress(hub))) return undefined;
  if (!isLabels(labels)) return undefined;
  return { certificate, authority, siteId, site, tenants, labels, hubs };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function isLabels(value: unknown): value is Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const labels = Object.entries(value);
  if (labels.length > limits.labelsMax) return false;
  return labels.every(
    ([name, text]) =>
      typeof text === 'string' &&
      name !== '' &&
      Buffer.byteLength(name) <= limits.labelNameBytesMax &&
      Buffer.byteLength(text) <= limits.labelValueBytesMax,
  );
}
