/**
 * All hubs of a site have one authority, by copies of its files: an agent that enrolled at one of them trusts the others by it. Which one it is
 * stands in the registry, and a hub with another one is refused before it takes anybody in.
 */
import { KeyMaterialError } from '@tributary/shared/tls/key-material.ts';
import type { Registry } from '../registry/registry.ts';

/** Key of `meta`: SHA-256 of the authority's certificate, hexadecimal. */
export const authorityKey = 'authority';

/** Rejects with a KeyMaterialError. A site that has not said it yet has this one. */
export async function agreeOnAuthority(
  registry: Pick<Registry, 'meta' | 'setMeta'>,
  { fingerprint, folder }: { readonly fingerprint: string; readonly folder: string },
): Promise<void> {
  if (registry.meta(authorityKey) === undefined) await registry.setMeta({ [authorityKey]: fingerprint }, { unlessSet: true });
  const known = registry.meta(authorityKey);
  if (known === fingerprint) return;
  throw new KeyMaterialError(
    `${folder}: the authority here (SHA-256 ${fingerprint}) is not the one of this site (SHA-256 ${known}), so agents of the other hubs would ` +
      'not trust this one: copy ca.crt and ca.key from pki/ of another hub of the site, and remove hub.crt, which is then made anew',
  );
}
