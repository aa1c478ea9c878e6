/** The page of a site with 2,000 agents and 30 channels: what it shows, and that it keeps only what is seen in the document. */
import assert from 'node:assert/strict';
import { after, before, suite, test, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { axeViolations } from '../harness/browser/axe.ts';
import type { Look } from '../harness/browser/chromium.ts';
import { ManyAgentsPage, type Took } from '../harness/browser/many-agents-page.ts';
import { requireTool } from '../harness/require.ts';
import { until } from '../harness/until.ts';

const skip = await requireTool('chromium');
const rowsMax = 80;
const timeout = 600_000;

suite('a page of 2,000 agents', { skip, timeout }, () => {
  let many: ManyAgentsPage;
  let look: Look;
  let page: Page;
  let url = '';

  before(async () => {
    many = await ManyAgentsPage.start();
    ({ look, page, url } = many);
  });
  after(() => many[Symbol.asyncDispose]());

  async function rows(): Promise<number> {
    return await page.locator('tbody tr').count();
  }

  test('the overview shows the flow, and what is wrong', async (context) => {
    tell(context, 'the overview is there', await many.openOverview());
    assert.equal(await page.locator('.flow .node').count(), 1 + 1 + 30 + 2);
    for (const colors of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: colors });
      assert.deepEqual(await axeViolations(page, colors === 'light' ? 'all' : 'colors'), [], colors);
      await look.keep('overview-2000', colors);
    }
  });

  test('more of what is wrong is shown, and times in another zone', async (context) => {
    await many.openOverview();
    const wrong = page.locator('.wrong li');
    const few = await wrong.count();
    tell(context, 'more of what is wrong', await many.showMoreWrong());
    assert.ok((await wrong.count()) > few, `${few} before`);
    await page.getByRole('button', { name: 'Show fewer' }).waitFor();
    assert.equal(await page.locator('.switches button').first().innerText(), 'Times are shown in\nLocal');
    tell(context, 'another zone', await many.changeZone());
    assert.equal(await page.locator('.switches button').first().innerText(), 'Times are shown in\nUTC');
  });

  test('the list of all agents is sorted, scrolled and filtered, with few rows in the document', async (context) => {
    await many.openAgents();
    assert.ok((await rows()) < rowsMax, `${await rows()} rows are in the document`);
    tell(context, 'another order', await many.sortAgents());
    await until('the address says it', () => new URL(page.url()).search === '?sort=rate');
    assert.equal(await page.locator('th.numeric').first().getAttribute('aria-sort'), 'ascending');
    const firstRow = async (): Promise<number> =>
      Number(await page.locator('tbody tr[aria-rowindex]').first().getAttribute('aria-rowindex'));
    const seen = await firstRow();
    tell(context, 'scrolling', await many.scrollAgents());
    await until('other rows are shown', async () => (await firstRow()) > seen);
    assert.ok((await rows()) < rowsMax, `${await rows()} rows are in the document`);
    await many.filterAgents();
    tell(context, 'a letter of a filter, and what fits it', await many.typeLetter());
    await page.getByText('200 agents that fit').waitFor();
    assert.equal(new URL(page.url()).searchParams.get('text'), 'web-1');
    await page.getByLabel('State', { exact: true }).selectOption('red');
    await until('the address says it', () => new URL(page.url()).search.includes('state=red'));
  });

  test('the last of them is reached by scrolling', async () => {
    await page.goto(`${url}/agents?sort=host`);
    await page.getByText('api-0004.example').waitFor();
    await until('the last row is there', async () => {
      await page.evaluate(`document.querySelector('.table').scrollTop = 1e6`);
      return (await page.getByText('web-1995.example').count()) > 0;
    });
    assert.ok((await rows()) < rowsMax);
  });

  test('one agent has its charts, in both colours and on a phone', async () => {
    await page.goto(`${url}/agents/${'5'.padStart(32, '0')}`);
    for (const colors of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: colors });
      await until('all charts are drawn', async () => (await page.locator('.plot canvas').count()) === 8);
      assert.deepEqual(await axeViolations(page, colors === 'light' ? 'all' : 'colors'), [], colors);
      await look.keep('agent-charts', colors);
    }
    // Without TLS browsers have no clipboard for pages.
    await page.evaluate(`
      Object.defineProperty(navigator, 'clipboard', { value: undefined });
      addEventListener('copy', ({ clipboardData }) => { document.body.dataset.copied = clipboardData.getData('text/plain'); });
    `);
    await page.getByRole('button', { name: 'Copy: Its id' }).click();
    await page.getByRole('button', { name: 'Copy: Its id' }).getByText('Copied').waitFor();
    assert.equal(await page.locator('body').getAttribute('data-copied'), '5'.padStart(32, '0'));
    await page.setViewportSize({ width: 360, height: 740 });
    await until('it fits', async () => await page.evaluate('document.documentElement.scrollWidth <= innerWidth'));
    await look.keep('phone-agent', 'dark');
    assert.deepEqual(look.complaints, []);
  });

  test('a hub of a lower site is no agent with nothing to tell', async () => {
    await page.goto(`${url}/agents/${'f'.repeat(32)}`);
    await page.getByText('It is a hub of a lower site').waitFor();
    assert.deepEqual(await page.getByRole('heading', { level: 2 }).allInnerTexts(), ['About it']);
    assert.equal(await page.getByText(/^for \d+ d$/).count(), 0);
    assert.equal(await page.getByRole('link', { name: 'how that site is' }).getAttribute('href'), '/?node=site%2Fmunich');
  });

  test('a hub that stopped is told, and what was seen before stays until it is back', async () => {
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto(`${url}/`);
    await page.locator('.flow .node').nth(30).waitFor();
    await many.stopHub();
    await page.getByText('The hub does not answer').first().waitFor();
    assert.equal(await page.locator('.flow .node').count(), 1 + 1 + 30 + 2);
    assert.deepEqual(await axeViolations(page), []);
    await look.keep('hub-away', 'light');
    await page.route(`${url}/`, async (route) => {
      await route.fulfill({ contentType: 'text/html', body: '<script type="module" src="/assets/index-other.js"></script>' });
    });
    await many.startHub();
    await page.getByText('The hub does not answer').first().waitFor({ state: 'detached' });
    await page.getByText('The hub has another version now').waitFor();
    await page.unroute(`${url}/`);
    await page.getByRole('button', { name: 'Load it again' }).click();
    await page.locator('.flow .node').nth(30).waitFor();
    assert.equal(await page.getByText('The hub has another version now').count(), 0);
  });
});

/** Only told: `npm run bench -- page-2000` judges them. */
function tell(context: TestContext, what: string, { workMs, paintedMs }: Took): void {
  context.diagnostic(`${what}: ${Math.round(workMs)} ms of work, painted after ${Math.round(paintedMs)} ms`);
}
