import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agreeOnAuthority } from './agreed-authority.ts';

test('the first hub says which authority the site has, and one with another is refused', async () => {
  const kept = new Map<string, string>();
  const registry = {
    meta: (key: string): string | undefined => kept.get(key),
    setMeta: async (values: Readonly<Record<string, string>>): Promise<void> => {
      for (const [key, value] of Object.entries(values)) kept.set(key, value);
    },
  };
  const folder = '/var/lib/tributary/hub/pki';
  await agreeOnAuthority(registry, { fingerprint: 'aa', folder });
  await agreeOnAuthority(registry, { fingerprint: 'aa', folder });
  await assert.rejects(agreeOnAuthority(registry, { fingerprint: 'bb', folder }), {
    name: 'KeyMaterialError',
    message: /hub\/pki: the authority here \(SHA-256 bb\) is not the one of this site \(SHA-256 aa\).*copy ca\.crt and ca\.key/,
  });
  assert.deepEqual([...kept.values()], ['aa']);
});
