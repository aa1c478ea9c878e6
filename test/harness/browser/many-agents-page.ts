/**
 * The page of a site with 2,000 agents and 30 channels, and what one does there. The API is made up, so that there is only the page. A test looks
 * at what the page shows then; how long it took is judged by `npm run bench -- page-2000`.
 */
import assert from 'node:assert/strict';
import type { CDPSession, Page } from 'playwright-core';
import { buildPage } from './built-page.ts';
import { Chromium, type Look } from './chromium.ts';
import { type FakeHub, startFakeHub } from './fake-hub.ts';

const size = { agents: 2000, channels: 30 };
const filter = { placeholder: 'Host, id or address', text: 'web-', agents: 400, longer: 'web-1', fewer: 200 };

export interface Took {
  /** What the page's thread worked: what it waits for is not in it. */
  readonly workMs: number;
  /** By the browser's clock, until it was painted. */
  readonly paintedMs: number;
}

export class ManyAgentsPage implements AsyncDisposable {
  readonly url: string;
  readonly look: Look;
  readonly #stack: AsyncDisposableStack;
  readonly #session: CDPSession;
  #hub: FakeHub;

  private constructor(parts: { hub: FakeHub; look: Look; session: CDPSession; stack: AsyncDisposableStack }) {
    ({ hub: this.#hub, look: this.look, session: this.#session, stack: this.#stack } = parts);
    this.url = parts.hub.url;
  }

  static async start(): Promise<ManyAgentsPage> {
    buildPage();
    const stack = new AsyncDisposableStack();
    try {
      const hub = await startFakeHub(size);
      stack.defer(() => hub[Symbol.asyncDispose]());
      const browser = stack.use(await Chromium.start());
      const look = stack.use(await browser.look(hub.url));
      const session = await look.page.context().newCDPSession(look.page);
      await session.send('Performance.enable', { timeDomain: 'threadTicks' });
      return new ManyAgentsPage({ hub, look, session, stack });
    } catch (error) {
      await stack.disposeAsync();
      throw error;
    }
  }

  get page(): Page {
    return this.look.page;
  }

  async stopHub(): Promise<void> {
    await this.#hub[Symbol.asyncDispose]();
  }

  async startHub(): Promise<void> {
    this.#hub = this.#stack.use(await startFakeHub(size, Number(new URL(this.url).port)));
  }

  /** Until the flow and what is wrong are there. */
  async openOverview(): Promise<Took> {
    const { page } = this;
    return await this.#measure(async () => {
      await page.goto(`${this.url}/`);
      await page.locator('.flow .node').nth(size.channels).waitFor();
      await page.locator('.wrong li').first().waitFor();
      // From the beginning of the navigation.
      return Number(await page.evaluate('performance.now()'));
    });
  }

  /** Shows all that is wrong in the same way, or no longer. */
  async showMoreWrong(): Promise<Took> {
    return await this.#click('.wrong .rest button');
  }

  /** Times in another zone. */
  async changeZone(): Promise<Took> {
    return await this.#click('.switches button');
  }

  async openAgents(): Promise<void> {
    await this.page.goto(`${this.url}/agents`);
    await this.page.getByText('api-0524.example').waitFor();
  }

  async sortAgents(): Promise<Took> {
    return await this.#click('th.numeric button');
  }

  async scrollAgents(): Promise<Took> {
    return await this.#measure(() => this.#painted(`document.querySelector('.table').scrollTop += 900`));
  }

  /** What `typeLetter` goes on from. */
  async filterAgents(): Promise<void> {
    await this.page.getByPlaceholder(filter.placeholder).fill(filter.text);
    await this.page.getByText(`${filter.agents} agents that fit`).waitFor();
  }

  /** One more letter, and one less the next time, until it is told how many fit. */
  async typeLetter(): Promise<Took> {
    // In the page itself, as looking for a text again and again would be measured with it.
    const script = `new Promise((resolve) => {
      const started = performance.now();
      const input = document.querySelector('.filters input');
      const told = document.querySelector('.title .hint');
      const seen = new MutationObserver(() => {
        if (!told.textContent.startsWith(input.value === '${filter.longer}' ? '${filter.fewer} agents' : '${filter.agents} agents')) return;
        seen.disconnect();
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - started)));
      });
      seen.observe(told, { characterData: true, childList: true, subtree: true });
      input.value = input.value === '${filter.text}' ? '${filter.longer}' : '${filter.text}';
      input.dispatchEvent(new Event('input', { bubbles: true }));
    })`;
    return await this.#measure(async () => Number(await this.page.evaluate(script)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #click(selector: string): Promise<Took> {
    return await this.#measure(() => this.#painted(`document.querySelector(${JSON.stringify(selector)}).click()`));
  }

  /** How long it takes until the frame after is painted: the callback of a frame comes before painting, a task after it behind. */
  async #painted(action: string): Promise<number> {
    const script = `new Promise((resolve) => {
      const started = performance.now();
      ${action};
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - started)));
    })`;
    return Number(await this.page.evaluate(script));
  }

  async #measure(act: () => Promise<number>): Promise<Took> {
    const startMs = await this.#busyMs();
    const paintedMs = await act();
    const endMs = await this.#busyMs();
    // A page that is loaded anew may begin to count anew.
    return { workMs: endMs < startMs ? endMs : endMs - startMs, paintedMs };
  }

  async #busyMs(): Promise<number> {
    const { metrics } = await this.#session.send('Performance.getMetrics');
    const seconds = metrics.find(({ name }) => name === 'TaskDuration')?.value;
    assert.ok(seconds !== undefined);
    return seconds * 1000;
  }
}
