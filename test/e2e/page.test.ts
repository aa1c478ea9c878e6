/** The page in a real browser, against a real hub with a real agent: from the first sign-in until an agent that was stopped is red. */
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import type { Page } from 'playwright-core';
import { AgentHost } from '../harness/agent-host.ts';
import { axeViolations } from '../harness/browser/axe.ts';
import { buildPage } from '../harness/browser/built-page.ts';
import { Chromium, type Look } from '../harness/browser/chromium.ts';
import { HubHost } from '../harness/hub-host.ts';
import { testPrograms } from '../harness/programs.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const skip = await requireTool('chromium');
const timeout = 600_000;
const password = 'a password of my own';

suite('the page', { skip, timeout }, () => {
  const stack = new AsyncDisposableStack();
  let scratch: Scratch;
  let hub: HubHost;
  let agent: AgentHost;
  let look: Look;
  let page: Page;
  let origin = '';
  let first = { name: '', password: '' };

  before(async () => {
    buildPage();
    scratch = stack.use(await Scratch.make());
    const config = { listeners: { http: { address: '127.0.0.1:0' } }, health: { rules: { agent_silent: { after: '2s' } } } };
    hub = stack.use(new HubHost({ programs: testPrograms, scratch, config, tls: true }));
    const [, name = '', oneTime = ''] = /Sign in as (\S+) with the password {2}(\S+)/.exec(await hub.init()) ?? [];
    first = { name, password: oneTime };
    await hub.start();
    origin = `https://127.0.0.1:${await hub.portOf('http')}`;
    const input = { kind: 'file', type: 'app', paths: [scratch.file('app.log')] };
    agent = stack.use(
      new AgentHost({ programs: testPrograms, scratch, hubs: () => [hub.url], inputs: [input], config: { tenant: undefined } }),
    );
    const browser = stack.use(await Chromium.start());
    look = stack.use(await browser.look(origin));
    ({ page } = look);
  });
  after(() => stack.disposeAsync());

  /** As it is now, in both colours. */
  async function inspect(name: string): Promise<void> {
    for (const colors of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: colors });
      assert.deepEqual(await axeViolations(page, colors === 'light' ? 'all' : 'colors'), [], `${name} in ${colors}`);
      await look.keep(name, colors);
    }
    await page.emulateMedia({ colorScheme: 'light' });
    assert.deepEqual(look.complaints, []);
  }

  test('the first sign-in asks for a password of one’s own, and leads to where one wanted to go', async () => {
    await page.goto(`${origin}/agents?sort=host`);
    await inspect('sign-in');
    await page.getByLabel('Name').fill(first.name);
    await page.getByLabel('Password').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('no account has this name and this password').waitFor();
    await page.getByLabel('Password').fill(first.password);
    await page.keyboard.press('Enter');
    await page.getByLabel('Password until now').fill(first.password);
    await page.getByLabel('New password', { exact: true }).fill(password);
    await page.getByLabel('New password again').fill(`${password}!`);
    await page.getByRole('button', { name: 'Change the password' }).click();
    await page.getByText('not the same').waitFor();
    await page.getByLabel('New password again').fill(password);
    await page.getByRole('button', { name: 'Change the password' }).click();
    await page.getByRole('heading', { name: 'Agents', level: 1 }).waitFor();
    assert.equal(new URL(page.url()).search, '?sort=host');
    await page.getByText('No agent is enrolled yet.').waitFor();
    await inspect('agents-none');
  });

  test('an agent that was enrolled shows up by itself, and its page tells what it does', async () => {
    await agent.enroll(await hub.createToken());
    await agent.start();
    appendFileSync(scratch.file('app.log'), 'the first line\nthe second line\n');
    const row = page.getByRole('region', { name: 'Agents' }).getByRole('link');
    await row.waitFor();
    await page.getByText('connected', { exact: true }).waitFor();
    await inspect('agents');
    await row.click();
    await page.getByText('About it').waitFor();
    await page.getByText('app.log').first().waitFor();
    await inspect('agent');
  });

  test('the overview is reached by keys, which ? lists', async () => {
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).getByText('Times in your zone or in UTC').waitFor();
    await inspect('keys');
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('o');
    await page.getByText('What is wrong now').waitFor();
    await page.getByRole('link', { name: /1 of 1 connected/ }).waitFor();
    await page.getByRole('link', { name: /default\/app/ }).waitFor();
    await inspect('overview');
    await page.getByRole('link', { name: /^http/ }).click();
    await page.getByRole('dialog', { name: 'Listener http' }).getByText('Nothing is wrong with it.').waitFor();
    await page.goto(`${origin}/?node=channel%2Fdefault%2Fgone`);
    await page.getByRole('dialog').getByText('Nothing is known of it.').waitFor();
    await page.getByRole('dialog').getByRole('link', { name: 'Search its lines' }).click();
    await page.getByRole('heading', { name: 'Search', level: 1 }).waitFor();
    assert.equal(new URL(page.url()).search, '?tenant=default&type=gone');
    await page.goBack();
    await page.getByRole('dialog').getByText('Nothing is known of it.').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  test('what cannot be loaded comes by itself when it can', async () => {
    const session = '**/api/v1/session';
    await page.route(session, async (route) => await route.abort());
    await page.goto(`${origin}/`);
    await page.getByRole('heading', { name: 'The hub cannot be reached' }).waitFor();
    await page.unroute(session);
    await page.getByText('What is wrong now').waitFor();
    const part = '**/assets/search-*.js';
    await page.route(part, async (route) => await route.abort());
    await page.getByRole('link', { name: 'Search' }).click();
    await page.getByText('This page could not be loaded.').waitFor();
    await page.unroute(part);
    await page.getByRole('button', { name: 'Load the page again' }).click();
    await page.getByRole('heading', { name: 'Search', level: 1 }).waitFor();
    await page.goto(`${origin}/`);
    await page.getByText('What is wrong now').waitFor();
  });

  test('an agent that was stopped becomes red with the reason, and green when it is back', async () => {
    await agent.program.stop();
    const wrong = page
      .getByRole('listitem')
      .filter({ hasText: 'Agent' })
      .filter({ has: page.getByRole('img', { name: 'Failing' }) })
      .filter({ hasText: /was stopped/ });
    await wrong.first().waitFor();
    await inspect('overview-red');
    await agent.start();
    await page.getByText('Nothing is wrong.').waitFor();
  });

  test('a session that is over is begun again over the page as it is', async () => {
    await page.goto(`${origin}/agents`);
    await page.getByPlaceholder('Host, id or address').fill('no such host');
    await page.getByText('No agent fits.').waitFor();
    await page.evaluate(`(async () => {
      const { csrfToken } = await (await fetch('/api/v1/session')).json();
      await fetch('/api/v1/session', { method: 'DELETE', headers: { 'x-csrf-token': csrfToken } });
    })()`);
    const dialog = page.getByRole('dialog', { name: 'Your session is over' });
    await dialog.waitFor();
    const other = await page.context().newPage();
    await other.goto(`${origin}/agents`);
    await inspect('session-over');
    await dialog.getByLabel('Password').fill(password);
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    assert.equal(await page.getByPlaceholder('Host, id or address').inputValue(), 'no such host');
    // Another window of the browser sees it when the reader turns to it.
    await other.evaluate(`window.dispatchEvent(new Event('focus'))`);
    await other.getByRole('heading', { name: 'Agents', level: 1 }).waitFor();
    await other.close();
  });

  test('an agent is cut off only after it was asked whether that is meant', async () => {
    await page.goto(`${origin}/agents`);
    await page.getByRole('region', { name: 'Agents' }).getByRole('link').click();
    await page.getByText('It measured nothing of its machine').waitFor();
    await page.getByRole('button', { name: 'Revoke…' }).click();
    await inspect('agent-revoke');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Revoke…' }).click();
    await page.getByRole('button', { name: 'Revoke it', exact: true }).click();
    await page
      .getByRole('definition')
      .filter({ hasText: /^revoked$/ })
      .waitFor();
    assert.equal(await page.getByRole('button', { name: 'Revoke…' }).count(), 0);
  });

  test('on a phone nothing is beside the window', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    for (const path of ['/', '/agents']) {
      await page.goto(`${origin}${path}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await until('it fits', async () => await page.evaluate('document.documentElement.scrollWidth <= innerWidth'));
      const menu = page.getByRole('navigation', { name: 'Pages' });
      for (const link of await menu.getByRole('link').all()) {
        const { x = -1, width = 0 } = (await link.boundingBox()) ?? {};
        assert.ok(x >= 0 && x + width <= 360, `${await link.innerText()} is at ${x}, ${width} wide`);
      }
      await look.keep(`phone-${path === '/' ? 'overview' : 'agents'}`, 'light');
      assert.deepEqual(await axeViolations(page), []);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  });
});
