/** Search on the page, in a real browser against a real hub: what an agent sent is found, looked at whole, and seen as it comes. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { AgentHost } from '../harness/agent-host.ts';
import { PageSite, password } from '../harness/browser/page-site.ts';
import { testPrograms } from '../harness/programs.ts';
import { requireTool } from '../harness/require.ts';
import type { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const skip = await requireTool('chromium');

suite('search on the page', { skip, timeout: 600_000 }, () => {
  const stack = new AsyncDisposableStack();
  let site: PageSite;

  before(async () => {
    const config = async (scratch: Scratch): Promise<Readonly<Record<string, unknown>>> => {
      const pipelines = scratch.file('pipelines');
      mkdirSync(pipelines);
      writeFileSync(`${pipelines}/web.yaml`, 'steps:\n  - json: {}\n');
      return { pipelines_dir: pipelines };
    };
    site = stack.use(await PageSite.start(config));
    const { scratch, hub } = site;
    const inputs = ['app', 'web'].map((type) => ({ kind: 'file', type, paths: [scratch.file(`${type}.log`)] }));
    const app = Array.from(
      { length: 90 },
      (_, index) => `order ${index} placed in ${index * 7} ms ${index % 10 === 3 ? 'Slow' : 'ok'}\n`,
    );
    const web = Array.from({ length: 20 }, (_, index) => JSON.stringify({ method: 'GET', status: 200 + (index % 4) * 101 }));
    writeFileSync(scratch.file('app.log'), `${app.join('')}<img src=x onerror="document.title='taken'"> \u202Enimda\u001B[0m\n`);
    writeFileSync(scratch.file('web.log'), `${web.join('\n')}\n`);
    const agent = stack.use(
      new AgentHost({ programs: testPrograms, scratch, hubs: () => [hub.url], inputs, config: { tenant: undefined } }),
    );
    await agent.enroll(await hub.createToken());
    await agent.start();
  });
  after(() => stack.disposeAsync());

  test('lines show up, the newest first, and those that fit are marked', async () => {
    const { page, origin } = site;
    await page.goto(`${origin}/search?type=app,web`);
    const lines = page.getByRole('list', { name: 'Lines that fit' }).getByRole('listitem');
    await until(
      'all of them are there',
      async () => {
        await page.getByRole('button', { name: 'Search', exact: true }).click();
        await page.getByText('searching…').waitFor({ state: 'detached' });
        return (await page.getByText(/111 lines from/).count()) > 0;
      },
      { everyMs: 500 },
    );
    const odd = lines.filter({ hasText: "document.title='taken'" }).locator('.text');
    assert.ok(((await odd.textContent()) ?? '').endsWith(`taken'"> \u202Enimda\u001B[0m`));
    const names = await odd.locator('.unseen').evaluateAll((all) => all.map((one) => one.getAttribute('data-name')));
    assert.deepEqual(names, ['RLO', 'ESC']);
    assert.match(await page.title(), /^Search/);
    await site.inspect('search');

    await page.getByLabel('What to search for').fill('order 89');
    await page.keyboard.press('Enter');
    await until('one fits', async () => (await lines.count()) === 1);
    assert.equal(await lines.locator('mark').textContent(), 'order 89');
    assert.equal(new URL(page.url()).searchParams.get('text'), 'order 89');

    await page.getByLabel('Search by').selectOption('regex');
    await page.getByLabel('What to search for').fill('slow$');
    await page.getByLabel('Ignore case').check();
    await page.keyboard.press('Enter');
    await until('a tenth fits', async () => (await lines.count()) === 9);
    await until('they are marked by the worker', async () => (await lines.locator('mark').first().textContent()) === 'Slow');
    await page.goBack();
    await until('what was before is there', async () => (await lines.count()) === 1);
    assert.equal(await page.getByLabel('What to search for').inputValue(), 'order 89');
    await page.goForward();
    await until('and what was behind it', async () => (await lines.count()) === 9);
  });

  test('what cannot be searched is told, and where nothing fits it says what to do', async () => {
    const { page, origin } = site;
    await page.goto(`${origin}/search?regex=%28`);
    await page.getByText(/regex: /).waitFor();
    await page.goto(`${origin}/search?text=ORDER+89&from=now-15m`);
    await page.getByText('No line fits.').waitFor();
    await site.inspect('search-nothing');
    await page.getByRole('button', { name: 'Ignore case' }).click();
    await page.getByRole('list', { name: 'Lines that fit' }).locator('mark').waitFor();
  });

  test('a link that backtracks without end does not hold the page up', async () => {
    const { page, origin } = site;
    await page.goto(`${origin}/search?regex=${encodeURIComponent('^(([a-z0-9 ])+.)+[A-Z]([a-z0-9 ])+$|ok$')}`);
    await page.getByRole('list', { name: 'Lines that fit' }).getByRole('listitem').first().waitFor();
    await page.getByRole('button', { name: 'Search', exact: true }).click();
  });

  test('facets and the histogram narrow, and the address tells it', async () => {
    const { page, origin } = site;
    await page.goto(`${origin}/search?from=now-15m`);
    const lines = page.getByRole('list', { name: 'Lines that fit' }).getByRole('listitem');
    await page.getByRole('checkbox', { name: /^web/ }).check();
    await until('only these', async () => (await lines.count()) === 20);
    assert.equal(new URL(page.url()).searchParams.get('type'), 'web');
    await page.getByRole('checkbox', { name: /^app/ }).waitFor();
    await page.getByLabel('Search by').selectOption('query');
    await page.getByLabel('What to search for').fill('method:GET AND status:>=500');
    await page.keyboard.press('Enter');
    await until('a quarter', async () => (await lines.count()) === 5);

    const bars = page.getByRole('slider', { name: /Lines by time/ });
    await bars.focus();
    await page.keyboard.press('ArrowLeft');
    const told = async (): Promise<string> => (await bars.getAttribute('aria-valuetext')) ?? '';
    for (let step = 0; step < 100 && (await told()).startsWith('0 lines'); step += 1) await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    await until('the address has the time', () => /^\d{13}$/.test(new URL(page.url()).searchParams.get('from') ?? ''));
    await until('they are there yet', async () => (await lines.count()) > 0);
    await site.inspect('search-narrow');
  });

  test('a line opens whole, with what is around it, also by its link', async () => {
    const { page, origin } = site;
    await page.goto(`${origin}/search?text=order+60`);
    await page.getByRole('list', { name: 'Lines that fit' }).getByText('order 60').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('list', { name: 'What is around the line' }).getByText('order 70 placed').waitFor();
    await site.inspect('search-line');
    await dialog.getByRole('button', { name: 'More before' }).click();
    await dialog.getByText('order 20 placed').waitFor();
    const link = page.url();
    await page.goBack();
    await dialog.waitFor({ state: 'detached' });
    await page.goto(link);
    await dialog.getByRole('list').getByText('order 50 placed').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.equal(new URL(page.url()).searchParams.get('at'), null);
  });

  test('an export has all of it', async () => {
    const { page, origin } = site;
    await page.goto(`${origin}/search?type=app&text=placed`);
    await page.getByRole('button', { name: 'Export…' }).click();
    await page.getByRole('dialog').getByText('At most so many lines').waitFor();
    await site.inspect('search-export');
    await page.getByLabel('At most so many lines').fill('0');
    await page.getByText('Say how many').waitFor();
    assert.equal(await page.getByRole('link', { name: 'Download' }).count(), 0);
    await page.getByLabel('At most so many lines').fill('1000');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download' }).click()]);
    const lines = readFileSync(await download.path(), 'utf8')
      .trimEnd()
      .split('\n');
    assert.equal(lines.length, 90);
    assert.equal(lines[0], 'order 89 placed in 623 ms ok');
  });

  test('the live tail shows what comes, and a pause keeps it', async () => {
    const { page, origin, scratch } = site;
    await page.goto(`${origin}/search?type=app`);
    await page.getByRole('button', { name: 'Live tail' }).click();
    await page.getByText('Nothing came yet that fits.').waitFor();
    appendFileSync(scratch.file('app.log'), 'order 90 came live\n');
    const lines = page.getByRole('list', { name: 'Lines as they come' });
    await lines.getByText('order 90 came live').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    appendFileSync(scratch.file('app.log'), 'order 91 waits\n');
    await page.getByRole('button', { name: 'Go on: 1 new' }).waitFor();
    assert.equal(await lines.getByText('order 91').count(), 0);
    await page.getByRole('button', { name: 'Go on: 1 new' }).click();
    await lines.getByText('order 91 waits').waitFor();
    await site.inspect('search-live');

    // The session ends, and the tail goes on where it was.
    await site.endSession();
    await page.evaluate(`window.dispatchEvent(new Event('focus'))`);
    const dialog = page.getByRole('dialog', { name: 'Your session is over' });
    await dialog.getByLabel('Password').fill(password);
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('It was not connected from').waitFor();
    await lines.getByText('order 91 waits').waitFor();
    await page.getByText(/^live · 2 lines/).waitFor();
    appendFileSync(scratch.file('app.log'), 'order 92 came after\n');
    await lines.getByText('order 92 came after').waitFor();
    await page.getByRole('link', { name: 'Search that time' }).click();
    await page
      .getByRole('list', { name: 'Lines that fit' })
      .or(page.getByText('No line fits.'))
      .or(page.getByText('No line came'))
      .waitFor();
    assert.match(page.url(), /from=\d{13}&to=\d{13}/);
  });

  test('a session that is over is begun again at the same place', async () => {
    const { page, origin } = site;
    await page.goto(`${origin}/search?type=web&query=status%3A301`);
    const lines = page.getByRole('list', { name: 'Lines that fit' }).getByRole('listitem');
    await until('they are there', async () => (await lines.count()) === 5);
    await site.endSession();
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Your session is over' });
    await dialog.getByLabel('Password').fill(password);
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await until('they are there again', async () => (await lines.count()) === 5);
    assert.equal(new URL(page.url()).search, '?type=web&query=status%3A301');
  });

  test('on a phone nothing is beside the window', async () => {
    const { page, origin } = site;
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(`${origin}/search?type=app`);
    await page.getByRole('list', { name: 'Lines that fit' }).getByRole('listitem').first().waitFor();
    await until('it fits', async () => await page.evaluate('document.documentElement.scrollWidth <= innerWidth'));
    await site.inspect('phone-search');
  });
});
