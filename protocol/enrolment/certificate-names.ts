/**
 * Who a certificate is for, as URIs in its subjectAltName, so that a company's own authority can make them with any tool:
 *
 * - an agent: `tributary:site/<siteId>`, `tributary:agent/<agentId>`, one `tributary:tenant/<tenant>`;
 * - a lower site's hub, as its upper site's client: `tributary:site/<upper siteId>`, `tributary:lower-site/<siteId>`,
 *   `tributary:hub/<hubId>`, as a site may have several, a `tributary:tenant/<tenant>` for each tenant it may forward, or `tributary:tenant/*`;
 * - a hub as a server: `tributary:site/<siteId>`, `tributary:hub/<hubId>`, beside its DNS names and addresses.
 */
import type { X509Certificate } from 'node:crypto';
import { unreachable } from '@tributary/shared/assert.ts';
import { urisOfCertificate } from '@tributary/shared/tls/certificate-uris.ts';
import type { Id } from '../messages.ts';

export type CertificateNames =
  | { readonly kind: 'agent'; readonly siteId: Id; readonly agentId: Id; readonly tenant: string }
  | {
      readonly kind: 'lower-site';
      readonly siteId: Id;
      readonly lowerSiteId: Id;
      readonly hubId: Id;
      readonly tenants: readonly string[] | 'all';
    }
  | { readonly kind: 'hub'; readonly siteId: Id; readonly hubId: Id };

const scheme = 'tributary:';
const everyTenant = '*';
const idPattern = /^[0-9a-f]{32}$/;
const tenantPattern = /^[a-z0-9_]{1,50}$/;

export function urisOf(names: CertificateNames): string[] {
  const site = `${scheme}site/${names.siteId}`;
  switch (names.kind) {
    case 'agent':
      return [site, `${scheme}agent/${names.agentId}`, `${scheme}tenant/${names.tenant}`];
    case 'lower-site': {
      const tenants = names.tenants === 'all' ? [everyTenant] : names.tenants;
      const lower = [`${scheme}lower-site/${names.lowerSiteId}`, `${scheme}hub/${names.hubId}`];
      return [site, ...lower, ...tenants.map((tenant) => `${scheme}tenant/${tenant}`)];
    }
    case 'hub':
      return [site, `${scheme}hub/${names.hubId}`];
    default:
      return unreachable(names);
  }
}

/** Undefined unless the URIs are exactly those of one kind: nothing is guessed about who somebody is. */
export function namesOf(uris: readonly string[]): CertificateNames | undefined {
  const values = new Map<string, string[]>();
  for (const uri of uris) {
    const [, name = '', value = ''] = /^tributary:([a-z-]+)\/(.+)$/.exec(uri) ?? [];
    if (uri.startsWith(scheme)) values.getOrInsertComputed(name, () => []).push(value);
  }
  const ids = new Map<string, Id>();
  for (const [name, [id = '', ...others]] of values) {
    if (name === 'tenant') continue;
    if (others.length > 0 || !idPattern.test(id)) return undefined;
    ids.set(name, id);
  }
  return namesFrom(ids, values.get('tenant') ?? []);
}

function namesFrom(ids: ReadonlyMap<string, Id>, tenants: readonly string[]): CertificateNames | undefined {
  const siteId = ids.get('site');
  const [agentId, hubId, lowerSiteId] = [ids.get('agent'), ids.get('hub'), ids.get('lower-site')];
  const roles = [...ids.keys()].filter((name) => name !== 'site').toSorted();
  if (siteId === undefined) return undefined;
  if (roles.join() === 'hub' && hubId !== undefined && tenants.length === 0) return { kind: 'hub', siteId, hubId };
  const [tenant, ...others] = tenants;
  if (tenant === undefined) return undefined;
  const isEvery = tenant === everyTenant && others.length === 0;
  if (!isEvery && !tenants.every((name) => tenantPattern.test(name))) return undefined;
  if (roles.join() === 'hub,lower-site' && hubId !== undefined && lowerSiteId !== undefined) {
    return { kind: 'lower-site', siteId, lowerSiteId, hubId, tenants: isEvery ? 'all' : tenants };
  }
  if (roles.join() !== 'agent' || agentId === undefined || isEvery || others.length > 0) return undefined;
  return { kind: 'agent', siteId, agentId, tenant };
}

export function certificateNames({ raw }: X509Certificate): CertificateNames | undefined {
  return namesOf(urisOfCertificate(raw));
}
