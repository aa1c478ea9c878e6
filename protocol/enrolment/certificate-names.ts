/**
 * Who a certificate is for, as URIs in its subjectAltName, so that a company's own authority can make them with any tool:
 *
 * - an agent: `tributary:site/<siteId>`, `tributary:agent/<agentId>`, one `tributary:tenant/<tenant>`;
 * - a lower site's hub, as its upper site's client: `tributary:site/<upper siteId>`, `tributary:lower-site/<siteId>`, a
 *   `tributary:tenant/<tenant>` for each tenant it may forward, or `tributary:tenant/*`;
 * - a hub as a server: `tributary:site/<siteId>`, `tributary:hub/<hubId>`, beside its DNS names and addresses.
 */
import type { X509Certificate } from 'node:crypto';
import { unreachable } from '@tributary/shared/assert.ts';
import { urisOfCertificate } from '@tributary/shared/tls/certificate-uris.ts';
import type { Id } from '../messages.ts';

export type CertificateNames =
  | { readonly kind: 'agent'; readonly siteId: Id; readonly agentId: Id; readonly tenant: string }
  | { readonly kind: 'lower-site'; readonly siteId: Id; readonly lowerSiteId: Id; readonly tenants: readonly string[] | 'all' }
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
      return [site, `${scheme}lower-site/${names.lowerSiteId}`, ...tenants.map((tenant) => `${scheme}tenant/${tenant}`)];
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
  const [siteId, ...otherSites] = values.get('site') ?? [];
  if (siteId === undefined || otherSites.length > 0 || !idPattern.test(siteId)) return undefined;
  const roles = [...values.keys()].filter((name) => name !== 'site' && name !== 'tenant');
  const [role, ...otherRoles] = roles;
  const [id = '', ...otherIds] = role === undefined ? [] : (values.get(role) ?? []);
  if (otherRoles.length > 0 || otherIds.length > 0 || !idPattern.test(id)) return undefined;
  const tenants = values.get('tenant') ?? [];
  if (role === 'hub') return tenants.length === 0 ? { kind: 'hub', siteId, hubId: id } : undefined;
  const [tenant] = tenants;
  if (tenant === undefined) return undefined;
  if (role === 'lower-site' && tenants.length === 1 && tenant === everyTenant) {
    return { kind: 'lower-site', siteId, lowerSiteId: id, tenants: 'all' };
  }
  if (!tenants.every((name) => tenantPattern.test(name))) return undefined;
  if (role === 'lower-site') return { kind: 'lower-site', siteId, lowerSiteId: id, tenants };
  return role === 'agent' && tenants.length === 1 ? { kind: 'agent', siteId, agentId: id, tenant } : undefined;
}

export function certificateNames({ raw }: X509Certificate): CertificateNames | undefined {
  return namesOf(urisOfCertificate(raw));
}
