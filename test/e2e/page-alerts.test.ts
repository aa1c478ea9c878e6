/** A finding is taken care of on the page, in a real browser against a real hub; and who may not is told why. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { PageSite, signInFirst } from '../harness/browser/page-site.ts';
import { listAt, numberAt, textAt } from '../harness/json.ts';
import { requireTool } from '../harness/require.ts';
import { until } from '../harness/until.ts';

const skip = await requireTool('chromium');
const rule = { kind: 'matches', name: 'booms', tenant: 'shop', type: 'web', text: 'boom', count: 1, within: '1h', level: 'red' };

suite('alerts on the page', { skip, timeout: 600_000 }, () => {
  const stack = new AsyncDisposableStack();
  let site: PageSite;
  let page: Page;

  before(async () => {
    site = stack.use(await PageSite.start(async () => ({ alerts: { content: [rule] } })));
    ({ page } = site);
    const token = await site.hub.createToken('--scope', 'write', '--tenant', 'shop');
    await ask('POST', '/api/v1/logs?type=web', { message: 'boom' }, { authorization: `Bearer ${token}` });
  });
  after(() => stack.disposeAsync());

  /** As the page itself would. */
  async function ask(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<unknown> {
    const given = { method, path, body: JSON.stringify(body), headers: { ...headers, 'content-type': 'application/json' } };
    return await page.evaluate(`(async ({ path, headers, ...init }) => {
      const { csrfToken } = await (await fetch('/api/v1/session')).json();
      const answer = await fetch(path, { ...init, headers: { 'x-csrf-token': csrfToken, ...headers } });
      if (!answer.ok) throw new Error(await answer.text());
      return answer.json();
    })(${JSON.stringify(given)})`);
  }

  function button(name: string): Locator {
    return page.getByRole('button', { name: `${name} content-alert of` });
  }

  test('a finding is acknowledged by keys alone, with who does it and why', async () => {
    await page.goto(`${site.origin}/`);
    await button('Acknowledge…').focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: /^Acknowledge content-alert/ });
    await dialog.waitFor();
    await site.inspect('alert-acknowledge');
    await page.keyboard.type('a new disk comes');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await page.getByText(`${site.name} takes care of it: a new disk comes`).waitFor();
    assert.equal(await button('Acknowledge…').count(), 0);
  });

  test('it is silenced until tomorrow morning, as the reader’s clock has it', async () => {
    await button('Silence…').click();
    const dialog = page.getByRole('dialog', { name: /^Silence content-alert/ });
    await dialog.getByLabel('Note').fill('they load old lines');
    await dialog.getByLabel('For how long').selectOption('Until tomorrow, 8:00');
    await site.inspect('alert-silence');
    await dialog.getByRole('button', { name: 'Silence it' }).click();
    await page.getByText(/^Silenced by .* until .*08:00:00: they load old lines/).waitFor();
    const [silence] = listAt(await ask('GET', '/api/v1/alerts/silences'), 'silences');
    assert.equal(textAt(silence, 'tenant'), 'shop');
    const at = await page.evaluate(`new Date(${numberAt(silence, 'untilMs')}).toTimeString().slice(0, 8)`);
    assert.equal(at, '08:00:00');
    await site.inspect('overview-held');
    await page.setViewportSize({ width: 360, height: 740 });
    await until('it fits', async () => await page.evaluate('document.documentElement.scrollWidth <= innerWidth'));
    await site.inspect('phone-overview-held');
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  test('who may only look sees what is held and why nothing can be done', async () => {
    const grants = [{ tenant: 'shop', role: 'viewer' }];
    const oneTime = textAt(
      await ask('POST', '/api/v1/users', { name: 'vera', grants, oneTimePassword: true }),
      'oneTimePassword',
    );
    const browser = page.context().browser();
    assert.ok(browser !== null);
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const hers = await context.newPage();
    await hers.goto(`${site.origin}/`);
    await signInFirst(hers, { name: 'vera', oneTime });
    await hers.getByText(`${site.name} takes care of it`).waitFor();
    await hers.getByText(/^You may look at this, not acknowledge or silence it/).waitFor();
    assert.equal(await hers.getByRole('button', { name: /^(Acknowledge|Silence|Take back)…/ }).count(), 0);
    await context.close();
  });

  test('both are taken back, and all of it is in the audit trail', async () => {
    await button('Take back… that somebody knows of').click();
    await site.inspect('alert-take-back');
    await page.getByRole('button', { name: 'Take it back' }).click();
    await button('Acknowledge…').waitFor();
    await button('Take back… the silence of').click();
    await page.getByRole('button', { name: 'Take it back' }).click();
    await button('Silence…').waitFor();
    for (const action of ['alert-acknowledged', 'alerts-silenced', 'alerts-unsilenced', 'alert-unacknowledged']) {
      await until(
        `${action} is in the trail`,
        async () => {
          await page.goto(`${site.origin}/admin/audit?what=${action}`);
          await page.getByText(/\d shown$/).waitFor();
          return (await page.getByRole('row').filter({ hasText: action }).count()) === 1;
        },
        { everyMs: 300 },
      );
    }
  });
});
