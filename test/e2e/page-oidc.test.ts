/** Signing in to the page at a real OpenID Connect provider, in a real browser: there and back to where one wanted to go. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PeopleServer } from '@tributary/hub/testing/people-server.ts';
import { axeViolations } from '../harness/browser/axe.ts';
import { buildPage } from '../harness/browser/built-page.ts';
import { Chromium, type Look } from '../harness/browser/chromium.ts';
import { CutProxy } from '../harness/cut-proxy.ts';
import { oidcClient, OidcSite } from '../harness/oidc-site.ts';
import { requireTool } from '../harness/require.ts';

const anna = { sub: 'u-1', preferred_username: 'anna', groups: ['shop-team'] };
const skip = await requireTool('chromium');

test('who signs in at the provider comes back to the page', { skip, timeout: 600_000 }, async () => {
  buildPage();
  // The hub must know how it is called before it listens.
  const target = { host: '127.0.0.1', port: 0 };
  await using door = await CutProxy.start(target);
  const origin = door.url.replace(/^\w+:/, 'http:').replace(/\/$/, '');
  await using provider = await OidcSite.start({ redirectUri: `${origin}/api/v1/oidc/callback` });
  const oidc = {
    issuer: provider.issuer,
    client_id: oidcClient.id,
    client_secret: oidcClient.secret,
    public_url: origin,
    scopes: ['openid', 'profile', 'groups'],
    roles: [{ group: 'shop-team', tenant: 'shop', role: 'viewer' }],
  };
  await using server = await PeopleServer.start({ oidc });
  target.port = Number(new URL(server.url).port);
  await using browser = await Chromium.start();
  const signIn = async ({ page }: Look): Promise<void> => {
    await page.goto(`${origin}/agents?sort=host`);
    await page.getByRole('link', { name: 'Sign in with your organisation' }).click();
  };

  provider.person = { ...anna, groups: [] };
  await using stranger = await browser.look(origin);
  await signIn(stranger);
  await stranger.page.getByText('none of your groups may sign in here').waitFor();
  assert.deepEqual(await axeViolations(stranger.page), []);

  provider.person = anna;
  await using known = await browser.look(origin);
  await signIn(known);
  await known.page.getByRole('heading', { name: 'Agents', level: 1 }).waitFor();
  assert.equal(known.page.url(), `${origin}/agents?sort=host`);
  await known.page.getByRole('button', { name: 'Sign out anna' }).click();
  await known.page.getByRole('heading', { name: 'Sign in' }).waitFor();
});
