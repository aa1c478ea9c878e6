/**
 * What people do on the page beside looking, in a real browser against a real hub, agent and Elasticsearch: let a server in, try a pipeline, clear
 * dead letters, administer; and what of it who may only look is shown.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import type { Page } from 'playwright-core';
import { AgentHost } from '../harness/agent-host.ts';
import { axeViolations } from '../harness/browser/axe.ts';
import { PageSite, password, signInFirst } from '../harness/browser/page-site.ts';
import type { RawElasticsearch } from '../harness/elasticsearch/raw-elasticsearch.ts';
import { sharedElasticsearch } from '../harness/elasticsearch/shared-elasticsearch.ts';
import { testPrograms } from '../harness/programs.ts';
import { requireTool } from '../harness/require.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('chromium')) ?? (await requireTool('elasticsearch'));
const tenant = `page_${randomBytes(4).toString('hex')}`;

suite('work on the page', { skip, timeout: 600_000 }, () => {
  const stack = new AsyncDisposableStack();
  let server: RawElasticsearch;
  let site: PageSite;
  let page: Page;
  let agent: AgentHost;

  before(async () => {
    server = await sharedElasticsearch();
    site = stack.use(
      await PageSite.start(async (scratch) => {
        const pipelines = scratch.file('pipelines');
        mkdirSync(pipelines);
        writeFileSync(`${pipelines}/orders.yaml`, 'steps:\n  - json: {}\n');
        const search = { kind: 'elasticsearch', urls: [server.url], tenants: [tenant], types: ['orders'], bulk_wait: '20ms' };
        return { pipelines_dir: pipelines, outputs: [{ kind: 'archive', roll_interval: '1s' }, search] };
      }),
    );
    ({ page } = site);
    const { scratch, hub } = site;
    const inputs = ['orders', 'plain'].map((type) => ({ kind: 'file', type, paths: [scratch.file(`${type}.log`)] }));
    writeFileSync(scratch.file('orders.log'), '{"value":1,"message":"the first order"}\n');
    writeFileSync(scratch.file('plain.log'), 'a line without a pipeline\n');
    agent = stack.use(
      new AgentHost({ programs: testPrograms, scratch, hubs: () => [hub.url], inputs, config: { tenant: undefined } }),
    );
    await agent.writeConfig();
  });
  after(() => stack.disposeAsync());

  async function open(path: string, title: string): Promise<void> {
    await page.goto(`${site.origin}${path}`);
    await page.getByRole('heading', { name: title, level: 1 }).waitFor();
  }

  test('an agent is enrolled by the very command that the page shows', async () => {
    await open('/admin', 'Administration');
    await page.getByLabel('Tenant').fill(tenant);
    await page.getByLabel('Labels').fill('rack 7');
    await page.getByRole('button', { name: 'Make the command' }).click();
    await page.getByText('Labels are written as name=value').waitFor();
    await page.getByLabel('Labels').fill('rack=7');
    await page.getByRole('button', { name: 'Make the command' }).click();
    await page.getByText('Waiting for 1 server…').waitFor();
    await site.inspect('admin-enrolment');
    const command = await page.getByLabel('The command that enrols', { exact: true }).textContent();
    const [program, ...words] = command?.trim().split(' ') ?? [];
    assert.equal(program, 'tributary-agent');
    const { code, stderr } = await agent.run(...words, '--config', agent.configPath);
    assert.equal(code, 0, stderr);
    await page.getByText('1 of 1 server enrolled.').waitFor();
    await agent.start();
    await open('/agents', 'Agents');
    const green = page.getByRole('region', { name: 'Agents' }).getByRole('row').filter({ hasText: 'connected' });
    await green.getByRole('img', { name: 'Good' }).waitFor();
    await open('/admin', 'Administration');
    await page.getByRole('link', { name: 'Registrations' }).click();
    const row = page.getByRole('region', { name: 'Registrations' }).getByRole('row').filter({ hasText: tenant });
    assert.match(await row.innerText(), /yes[^]*in 89 d/);
    await site.inspect('admin-registrations');
    await page.getByRole('button', { name: 'Hubs of lower sites' }).click();
    await page.getByText('No hub of a lower site was let in.').waitFor();
  });

  test('a token is made and taken away', async () => {
    await open('/admin/tokens', 'Administration');
    await page.getByLabel('Note').fill('the old billing system');
    await page.getByRole('button', { name: 'Make the token' }).click();
    await page.getByText(/shown now and never again/).waitFor();
    assert.match((await page.getByLabel('The token', { exact: true }).textContent()) ?? '', /^tributary_/);
    await site.inspect('admin-tokens');
    const row = page.getByRole('row').filter({ hasText: 'the old billing system' });
    await row.getByRole('button', { name: /^Revoke/ }).click();
    // Exactly: the id of a token may begin with “it”.
    await page.getByRole('button', { name: 'Revoke it', exact: true }).click();
    await row.getByText('revoked').waitFor();
  });

  test('a pipeline is tried against lines that came, and its mistakes are named by line', async () => {
    await open('/pipelines', 'Pipelines');
    await page.getByRole('link', { name: `${tenant}/plain` }).waitFor();
    await site.inspect('pipelines');
    await page.getByRole('link', { name: `${tenant}/orders` }).click();
    const text = page.getByLabel('Text of the pipeline');
    await text.fill('steps:\n  - json: {}\n  - set: { values: { app.note: message } }\n');
    await page.getByText('1 line, 1 of them changed by the edit').waitFor();
    const change = page.getByRole('row').filter({ hasText: 'app.note' });
    assert.match(await change.innerText(), /added:\s*app\.note\s+–\s+the first order/);
    await page.getByText('Edited, not saved').waitFor();
    await site.inspect('pipeline');
    await text.fill('steps:\n  - json: {}\n  - sett: {}\n');
    await page.getByRole('button', { name: 'Line 3, column 5' }).click();
    assert.equal(await text.evaluate((area) => ('selectionStart' in area ? area.selectionStart : -1)), 24);
    await site.inspect('pipeline-mistake');
    await page.reload();
    assert.match(await text.inputValue(), /sett/);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()]);
    assert.equal(download.suggestedFilename(), 'orders.yaml');
    await page.getByRole('button', { name: 'Back to what runs' }).click();
    await page.getByText('As it runs').waitFor();
  });

  test('dead letters are looked at, sent again, refused again, and gone once it was mended', async () => {
    const stream = `logs-orders-${tenant}`;
    await until('the first is there', async () => {
      await server.request('POST', `/${stream}/_refresh`);
      return (await server.request('GET', `/${stream}/_count`)).status === 200;
    });
    await open('/dead-letters', 'Dead letters');
    await page.getByText('There are no dead letters.').waitFor();
    await site.inspect('dead-letters-none');
    appendFileSync(site.scratch.file('orders.log'), '{"value":"a text"}\n{"value":"another"}\n');
    await until(
      'both are told',
      async () => {
        await page.reload();
        await page.getByText(/^\d documents?$/).waitFor();
        return (await page.getByText('2 documents').count()) > 0;
      },
      { everyMs: 300 },
    );
    await page.getByText('document_parsing_exception').waitFor();
    await site.inspect('dead-letters');
    await page.getByRole('button', { name: 'Look' }).click();
    await page.getByRole('dialog').getByLabel('The document', { exact: true }).getByText('"value": "a text"').waitFor();
    await site.inspect('dead-letter');
    await page.keyboard.press('Escape');

    const replay = async (): Promise<void> => {
      await page.getByRole('button', { name: 'Send again…' }).click();
      await page.getByRole('button', { name: 'Send 2 documents again' }).click();
    };
    await replay();
    await page.getByText('2 stayed as they were refused again').waitFor();
    await server.ask('POST', `/${stream}/_rollover`);
    await server.ask('PUT', `/${stream}/_mapping?write_index_only=true`, { properties: { value: { type: 'keyword' } } });
    await replay();
    await page.getByText('2 sent again').waitFor();
    await page.getByText('There are no dead letters.').waitFor();
  });

  test('the same page searches Elasticsearch', async () => {
    await page.goto(`${site.origin}/search?type=orders&query=value%3A1`);
    const store = page.getByLabel('Where to search');
    const name = await store
      .locator('option', { hasText: /elastic/i })
      .first()
      .getAttribute('value');
    await store.selectOption(name);
    await page.getByRole('list', { name: 'Lines that fit' }).getByText('the first order').waitFor();
    assert.equal(new URL(page.url()).searchParams.get('store'), name);
  });

  test('channels are paused and let go on, and all of it is in the audit trail', async () => {
    await open('/admin/channels', 'Administration');
    await page.getByRole('button', { name: `Pause archive of ${tenant}/plain` }).click();
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByRole('button', { name: `Resume archive of ${tenant}/plain` }).click();
    await page.getByRole('button', { name: 'Resume', exact: true }).click();
    await page.getByRole('button', { name: `Pause archive of ${tenant}/plain` }).waitFor();
    await site.inspect('admin-channels');
    for (const [part, text] of [
      ['certificates', 'this hub'],
      ['housekeeping', 'What would go now'],
    ] as const) {
      await open(`/admin/${part}`, 'Administration');
      await page.getByText(text).first().waitFor();
      await until('it is there', async () => (await page.getByRole('status', { name: /loading/ }).count()) === 0);
      await site.inspect(`admin-${part}`);
    }
    await open('/admin/audit?what=channel-paused', 'Administration');
    await until(
      'it is in the trail',
      async () => {
        await page.getByRole('button', { name: 'Find' }).click();
        await page.reload();
        await page.getByText(/\d shown$/).waitFor();
        return (await page.getByRole('row').filter({ hasText: 'channel-paused' }).count()) === 1;
      },
      { everyMs: 300 },
    );
    await open('/admin/audit', 'Administration');
    await page.getByRole('row').filter({ hasText: 'channel-paused' }).first().waitFor();
    await site.inspect('admin-audit');
  });

  test('a session that is over is begun again at the same place', async () => {
    await open('/admin/tokens', 'Administration');
    await site.endSession();
    const dialog = page.getByRole('dialog', { name: 'Your session is over' });
    await dialog.getByLabel('Password').fill(password);
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    assert.equal(new URL(page.url()).pathname, '/admin/tokens');
    await page.getByRole('button', { name: 'Make the token' }).waitFor();
  });

  test('on a phone nothing is beside the window', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    for (const path of ['/pipelines/orders', '/dead-letters', '/admin/enrolment', '/admin/tokens', '/admin/channels']) {
      await page.goto(`${site.origin}${path}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await until(`${path} fits`, async () => await page.evaluate('document.documentElement.scrollWidth <= innerWidth'));
      await site.look.keep(`phone${path.replaceAll('/', '-')}`, 'light');
    }
    assert.deepEqual(await axeViolations(page), []);
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  test('who is let in to look sees what there is, and why nothing can be done', async () => {
    await open('/admin/people', 'Administration');
    await page.getByRole('button', { name: 'Add somebody' }).click();
    await page.getByLabel('Name', { exact: true }).fill('vera');
    await site.inspect('admin-person');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('dialog', { name: 'A password for vera' }).waitFor();
    const oneTime = (await page.getByLabel('The password', { exact: true }).textContent()) ?? '';
    await page.keyboard.press('Escape');
    await page.getByRole('row').filter({ hasText: 'vera' }).getByText('viewer of everything').waitFor();
    await site.inspect('admin-people');

    await page.goto(`${site.origin}/dead-letters`);
    await page.getByRole('button', { name: /^Sign out/ }).click();
    await signInFirst(page, { name: 'vera', oneTime });
    await page.getByRole('link', { name: 'Administration' }).click();
    await page.getByRole('region', { name: 'Registrations' }).getByRole('row').filter({ hasText: tenant }).waitFor();
    await page.getByRole('link', { name: 'Channels' }).click();
    const pause = page.getByRole('button', { name: `Pause archive of ${tenant}/plain` });
    await pause.waitFor();
    assert.ok(await pause.isDisabled());
    assert.equal(await page.getByRole('link', { name: 'Tokens' }).count(), 0);
    await open('/admin/tokens', 'Administration');
    await page.getByText('not yours to see').waitFor();
    await open(`/pipelines/orders?tenant=${tenant}`, `${tenant}/orders`);
    await page.getByText('that takes the role operator').waitFor();
    await site.inspect('pipeline-viewer');
  });
});
