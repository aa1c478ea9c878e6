/** Signing in at a real OpenID Connect provider, over real sockets, as a browser does it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PeopleServer } from '@tributary/hub/testing/people-server.ts';
import { readYamlTree } from '@tributary/shared/options/yaml-tree.ts';
import { Browser } from '../harness/browser.ts';
import { docsSnippet } from '../harness/docs-snippet.ts';
import { at, isObject } from '../harness/json.ts';
import { oidcClient, OidcSite, type OidcSiteOptions } from '../harness/oidc-site.ts';

/** Where the browser thinks the hub is. */
const hub = 'http://127.0.0.2:7700';
const callback = `${hub}/api/v1/oidc/callback`;
const anna = { sub: 'u-1', preferred_username: 'anna', groups: ['everybody', 'shop-team'] };

interface Site extends AsyncDisposable {
  readonly provider: OidcSite;
  readonly server: PeopleServer;
  browser(): Browser;
}

async function start(options: Partial<OidcSiteOptions> = {}): Promise<Site> {
  const provider = await OidcSite.start({ redirectUri: callback, ...options });
  provider.person = anna;
  const server = await PeopleServer.start({ oidc: oidcOptions(provider.issuer) });
  return {
    provider,
    server,
    browser: () => new Browser({ [hub]: server.url }),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await provider[Symbol.asyncDispose]();
    },
  };
}

/** What the page tells to write, with our provider in it. */
function oidcOptions(issuer: string): Record<string, unknown> {
  const text = docsSnippet('docs/operating/users.md', 'oidc', {
    'https://login.example.org/realms/company': issuer,
    '${file:/etc/tributary/oidc.secret}': oidcClient.secret,
    'https://hub.example.org:7700': hub,
  });
  const oidc = at(readYamlTree('users.md', text, { env: {}, folder: '/' }).data, 'oidc');
  assert.ok(isObject(oidc));
  return oidc;
}

/** To the address that the provider sends the browser back to. */
function atProvider(browser: Browser, change: (url: URL) => void = () => undefined, query = ''): Promise<string> {
  return (async () => {
    const begun = await browser.request(`${hub}/api/v1/oidc/login${query}`);
    assert.equal(begun.status, 302);
    const url = new URL(begun.headers.get('location') ?? '');
    change(url);
    return browser.follow(url.href, (next) => next.startsWith(callback));
  })();
}

async function answerOf(browser: Browser, url: string): Promise<{ status: number; text: string; error: string }> {
  const response = await browser.request(url);
  const text = await response.text();
  const [, error = ''] = /"error":"([a-z-]+)"/.exec(text) ?? [];
  return { status: response.status, text, error };
}

async function whoami(browser: Browser): Promise<unknown> {
  const response = await browser.request(`${hub}/api/v1/whoami`);
  return response.status === 200 ? await response.json() : response.status;
}

const asAnna = { kind: 'user', name: 'anna', grants: [{ tenant: 'shop', role: 'operator' }] };

for (const allInIdToken of [true, false]) {
  test(`who is in a group is signed in with its role; groups ${allInIdToken ? 'in the ID token' : 'at the userinfo endpoint'}`, async () => {
    await using site = await start({ allInIdToken });
    const browser = site.browser();
    const back = await atProvider(browser, undefined, '?return_to=/search%3Fq%3D1%26r%3D2');
    const response = await browser.request(back);
    assert.equal(response.status, 200);
    const cookies = response.headers.getSetCookie().join('\n');
    assert.match(cookies, /^tributary=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/m);
    assert.match(cookies, /^tributary-oidc=gone; Max-Age=0;/m);
    assert.match(await response.text(), /<meta http-equiv="refresh" content="0;url=\/search\?q=1&#38;r=2">/);
    assert.deepEqual(await whoami(browser), asAnna);
    const [event] = await site.server.trail();
    assert.deepEqual(
      [event?.action, event?.actor, event?.outcome, event?.details['by']],
      ['user-logged-in', 'anna', 'success', 'oidc'],
    );
  });
}

test('the request carries PKCE, state and nonce, and the client secret never goes through the browser', async () => {
  await using site = await start();
  const begun = await site.browser().request(`${hub}/api/v1/oidc/login`);
  const { searchParams, origin } = new URL(begun.headers.get('location') ?? '');
  assert.equal(origin, site.provider.issuer);
  assert.equal(searchParams.get('code_challenge_method'), 'S256');
  for (const name of ['code_challenge', 'state', 'nonce']) assert.match(searchParams.get(name) ?? '', /^[\w-]{43}$/);
  assert.equal(searchParams.get('redirect_uri'), callback);
  const sent = JSON.stringify([...begun.headers]) + begun.headers.get('location');
  assert.equal(sent.includes(oidcClient.secret), false);
  assert.match(begun.headers.get('set-cookie') ?? '', /^tributary-oidc=[\w-]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/);
});

test('another state, another nonce, another verifier: each is refused, told in the trail, and signs nobody in', async () => {
  await using site = await start();
  const wrongState = site.browser();
  const back = new URL(await atProvider(wrongState));
  back.searchParams.set('state', 'x'.repeat(43));
  const answers = [await answerOf(wrongState, back.href)];
  const changes = { nonce: 'y'.repeat(43), code_challenge: 'z'.repeat(43) };
  for (const [name, value] of Object.entries(changes)) {
    const browser = site.browser();
    const changed = await atProvider(browser, ({ searchParams }) => searchParams.set(name, value));
    answers.push(await answerOf(browser, changed));
    assert.equal(await whoami(browser), 401, name);
  }
  assert.deepEqual(
    answers.map(({ status, error }) => `${status} ${error}`),
    ['403 sign-in-refused', '403 sign-in-refused', '403 sign-in-refused'],
  );
  const reasons = (await site.server.trail()).map(({ outcome, details }) => `${outcome}: ${String(details['reason'])}`);
  assert.equal(reasons.length, 3);
  for (const [index, expected] of [/^failure: .*state/, /^failure: .*nonce/, /^failure: .*invalid_grant/].entries()) {
    assert.match(reasons[index] ?? '', expected);
  }
});

test('who comes back with answers that do not hold must wait, and fills no trail', async () => {
  await using site = await start();
  const errors: string[] = [];
  for (let tries = 0; tries < 25; tries += 1) {
    const browser = site.browser();
    await browser.request(`${hub}/api/v1/oidc/login`);
    errors.push((await answerOf(browser, `${callback}?code=a&state=${'x'.repeat(43)}`)).error);
  }
  assert.deepEqual([...new Set(errors)], ['sign-in-refused', 'too-many-tries']);
  const told = (await site.server.trail()).length;
  assert.ok(told >= 20 && told < 25, String(told));
  site.server.pass(60_000);
  const browser = site.browser();
  assert.equal((await answerOf(browser, await atProvider(browser))).status, 200);
});

test('a code is good once, and only in the browser that began', async () => {
  await using site = await start();
  const browser = site.browser();
  const back = await atProvider(browser);
  assert.equal((await answerOf(site.browser(), back)).error, 'sign-in-stale');
  const pending = browser.cookiesOf(hub).get('tributary-oidc') ?? '';
  assert.equal((await answerOf(browser, back)).status, 200);
  // The same again, with the cookie that the answer took away.
  const thief = site.browser();
  thief.cookiesOf(hub).set('tributary-oidc', pending);
  assert.equal((await answerOf(thief, back)).error, 'sign-in-stale');
  // The used code in a sign-in of its own: the provider knows it, and the verifier does not fit.
  const other = site.browser();
  const own = new URL(await atProvider(other));
  own.searchParams.set('code', new URL(back).searchParams.get('code') ?? '');
  assert.equal((await answerOf(other, own.href)).error, 'sign-in-refused');
  assert.equal(await whoami(other), 401);
});

test('who is in no group, or has the name of a local account, is refused and told so', async () => {
  await using site = await start();
  const refused = async (): Promise<string> => {
    const browser = site.browser();
    const { status, text } = await answerOf(browser, await atProvider(browser));
    assert.deepEqual([status, await whoami(browser)], [403, 401]);
    return text;
  };
  site.provider.person = { ...anna, groups: ['everybody'] };
  assert.match(await refused(), /in no group/);
  site.provider.person = { sub: 'u-2', preferred_username: 'evil\u001b[2J', groups: ['site-team'] };
  assert.match(await refused(), /is no name here/);
  await site.server.addUser('root', [{ tenant: '*', role: 'admin' }]);
  site.provider.person = { sub: 'u-3', preferred_username: 'root', groups: ['site-team'] };
  assert.match(await refused(), /an account with a password/);
  const trail = await site.server.trail();
  assert.deepEqual(
    trail.map(({ outcome, details }) => [outcome, details['reason']]),
    [
      ['failure', 'no-role'],
      ['failure', 'name'],
      ['failure', 'local-account'],
    ],
  );
  assert.doesNotMatch(JSON.stringify(trail), /\\u001b/);
});

test('an account without a password signs in at the provider, with its own roles, until it is disabled', async () => {
  await using site = await start();
  await site.server.addUser('anna', [{ tenant: 'bank', role: 'viewer' }], { passwordHash: undefined });
  const browser = site.browser();
  await answerOf(browser, await atProvider(browser));
  assert.deepEqual(await whoami(browser), { kind: 'user', name: 'anna', grants: [{ tenant: 'bank', role: 'viewer' }] });
  await site.server.addUser('anna', [], { passwordHash: undefined, disabled: true });
  assert.equal(await whoami(browser), 401);
});

test('an account made later ends the sessions that the provider gave under its name', async () => {
  await using site = await start();
  const browser = site.browser();
  await answerOf(browser, await atProvider(browser));
  assert.deepEqual(await whoami(browser), asAnna);
  await site.server.addUser('anna', [{ tenant: '*', role: 'admin' }]);
  assert.equal(await whoami(browser), 401);
});

test('a provider that is down stops only sign-ins through it, and is asked again', async () => {
  await using site = await start();
  const { port } = site.provider;
  await site.provider[Symbol.asyncDispose]();
  const browser = site.browser();
  for (let i = 0; i < 2; i += 1) {
    const { status, error, text } = await answerOf(browser, `${hub}/api/v1/oidc/login`);
    assert.deepEqual([status, error], [503, 'provider-unavailable']);
    assert.equal(text.includes(oidcClient.secret), false);
  }
  assert.equal((await browser.request(`${hub}/`)).status, 200);
  await using again = await OidcSite.start({ redirectUri: callback }, port);
  again.person = anna;
  assert.equal((await answerOf(browser, await atProvider(browser))).status, 200);
  // Down between the way out and the way back.
  const caught = site.browser();
  const back = await atProvider(caught);
  await again[Symbol.asyncDispose]();
  assert.deepEqual((await answerOf(caught, back)).error, 'provider-unavailable');
  assert.deepEqual(await whoami(browser), asAnna, 'who is signed in stays so');
});

test('the provider may change its keys at any time; what another key signed is refused', async () => {
  await using site = await start();
  for (let i = 0; i < 2; i += 1) {
    const browser = site.browser();
    assert.equal((await answerOf(browser, await atProvider(browser))).status, 200);
    site.provider.rotateKeys();
  }
  const published = await (await fetch(`${site.provider.issuer}/jwks`)).text();
  site.provider.rotateKeys();
  site.provider.intercept = (request, response) => {
    if (request.url !== '/jwks') return false;
    response.writeHead(200, { 'content-type': 'application/json' }).end(published);
    return true;
  };
  const browser = site.browser();
  assert.equal((await answerOf(browser, await atProvider(browser))).error, 'sign-in-refused');
  assert.equal(await whoami(browser), 401);
});

test('nobody is led to another site', async () => {
  await using site = await start();
  for (const path of [
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/%09/evil.example%00',
    'javascript:alert(1)',
  ]) {
    const { status } = await answerOf(site.browser(), `${hub}/api/v1/oidc/login?return_to=${encodeURIComponent(path)}`);
    assert.equal(status, path === '/%09/evil.example%00' ? 302 : 400, path);
  }
  const twice = await answerOf(site.browser(), `${hub}/api/v1/oidc/login?return_to=/a&return_to=//evil.example`);
  assert.equal(twice.status, 400);
});

test('what the provider refused, and what is no answer of it, is a refusal', async () => {
  await using site = await start();
  const browser = site.browser();
  const state = new URL(await atProvider(browser)).searchParams.get('state') ?? '';
  const denied = `${callback}?error=access_denied&error_description=%1b[2Jno&state=${state}&iss=${encodeURIComponent(site.provider.issuer)}`;
  const { error, text } = await answerOf(browser, denied);
  assert.equal(error, 'sign-in-refused');
  assert.doesNotMatch(text, /2J/);
  assert.equal((await answerOf(site.browser(), `${callback}?code=x&state=y`)).error, 'sign-in-stale');
  site.provider.intercept = (request, response) => {
    if (request.url !== '/token') return false;
    response.writeHead(200, { 'content-type': 'application/json' }).end('x'.repeat(2_000_000));
    return true;
  };
  const flooded = site.browser();
  const flood = await answerOf(flooded, await atProvider(flooded));
  assert.equal(flood.status >= 400, true);
  assert.equal(await whoami(flooded), 401);
});
