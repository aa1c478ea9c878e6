/** The page of a real hub in a real browser, with its first person signed in: what tests of single pages begin with. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { HubHost } from '../hub-host.ts';
import { testPrograms } from '../programs.ts';
import { Scratch } from '../scratch.ts';
import { axeViolations } from './axe.ts';
import { buildPage } from './built-page.ts';
import { Chromium, type Look } from './chromium.ts';

export const password = 'a password of my own';

export class PageSite implements AsyncDisposable {
  readonly scratch: Scratch;
  readonly hub: HubHost;
  readonly look: Look;
  readonly origin: string;
  /** Who is signed in. */
  readonly name: string;
  readonly #stack: AsyncDisposableStack;

  private constructor(parts: Pick<PageSite, 'scratch' | 'hub' | 'look' | 'origin' | 'name'>, stack: AsyncDisposableStack) {
    ({ scratch: this.scratch, hub: this.hub, look: this.look, origin: this.origin, name: this.name } = parts);
    this.#stack = stack;
  }

  /** `config` of the hub, made when its folder is there. */
  static async start(config: (scratch: Scratch) => Promise<Readonly<Record<string, unknown>>>): Promise<PageSite> {
    buildPage();
    const stack = new AsyncDisposableStack();
    try {
      const scratch = stack.use(await Scratch.make());
      const given = { listeners: { http: { address: '127.0.0.1:0' } }, ...(await config(scratch)) };
      const hub = stack.use(new HubHost({ programs: testPrograms, scratch, config: given, tls: true }));
      const [, name = '', oneTime = ''] = /Sign in as (\S+) with the password {2}(\S+)/.exec(await hub.init()) ?? [];
      await hub.start();
      const browser = stack.use(await Chromium.start());
      const origin = `https://127.0.0.1:${await hub.portOf('http')}`;
      const look = stack.use(await browser.look(origin));
      const site = new PageSite({ scratch, hub, look, origin, name }, stack);
      await site.#signIn(oneTime);
      return site;
    } catch (error) {
      await stack.disposeAsync();
      throw error;
    }
  }

  get page(): Page {
    return this.look.page;
  }

  /** As it is now, in both colours. */
  async inspect(name: string): Promise<void> {
    for (const colors of ['light', 'dark'] as const) {
      await this.page.emulateMedia({ colorScheme: colors });
      // All but the contrasts is the same in both.
      assert.deepEqual(await axeViolations(this.page, colors === 'light' ? 'all' : 'colors'), [], `${name} in ${colors}`);
      await this.look.keep(name, colors);
    }
    await this.page.emulateMedia({ colorScheme: 'light' });
    assert.deepEqual(this.look.complaints, []);
  }

  /** Ends the session behind the back of the page. */
  async endSession(): Promise<void> {
    await this.page.evaluate(`(async () => {
      const { csrfToken } = await (await fetch('/api/v1/session')).json();
      await fetch('/api/v1/session', { method: 'DELETE', headers: { 'x-csrf-token': csrfToken } });
    })()`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #signIn(oneTime: string): Promise<void> {
    const { page } = this;
    await page.goto(`${this.origin}/search`);
    await signInFirst(page, { name: this.name, oneTime });
    await page.getByRole('heading', { name: 'Search', level: 1 }).waitFor();
  }
}

/** The page asks who it is: somebody with a password for once, who has to choose one first. */
export async function signInFirst(page: Page, { name, oneTime }: { name: string; oneTime: string }): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(oneTime);
  await page.keyboard.press('Enter');
  await page.getByLabel('Password until now').fill(oneTime);
  await page.getByLabel('New password', { exact: true }).fill(password);
  await page.getByLabel('New password again').fill(password);
  await page.keyboard.press('Enter');
}
