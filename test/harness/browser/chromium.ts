/** A real browser: Debian's Chromium, driven by playwright-core. One for all tests of a file. */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { repositoryRoot } from '../programs.ts';

const executablePath = '/usr/bin/chromium';

/** What the page looked like is kept here, as output of CI. */
export const screenshotFolder: string = join(repositoryRoot, '.tools/screenshots');

export async function probeChromium(): Promise<void> {
  await promisify(execFile)(executablePath, ['--version']);
}

export interface LookOptions {
  readonly colors?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
}

/** A window of a person of its own: cookies, storage, colours. */
export interface Look extends AsyncDisposable {
  readonly page: Page;
  /** What the page complained of, and requests to other places than `origin`. */
  readonly complaints: readonly string[];
  /** A picture of all of the page, also of what is below the window. */
  keep(name: string, colors: 'light' | 'dark'): Promise<void>;
}

export class Chromium implements AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(): Promise<Chromium> {
    // As root there is no sandbox; containers have a small /dev/shm.
    const args = [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--disable-dev-shm-usage', '--disable-gpu'];
    return new Chromium(await chromium.launch({ executablePath, args, timeout: 120_000 }));
  }

  async look(origin: string, options: LookOptions = {}): Promise<Look> {
    const { colors = 'light', width = 1280, height = 900 } = options;
    const context = await this.#browser.newContext({
      colorScheme: colors,
      viewport: { width, height },
      // The authority of a test's site is known to nobody.
      ignoreHTTPSErrors: true,
      reducedMotion: 'reduce',
      timezoneId: 'Europe/Berlin',
    });
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    const complaints = listen(page, origin);
    return {
      page,
      complaints,
      keep: async (name, shown) => await keepPicture(page, `${name}-${shown}`),
      [Symbol.asyncDispose]: () => closeQuietly(context),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

function listen(page: Page, origin: string): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // That an answer was 401 is said by the browser itself; what the page makes of it is what tests look at.
    if (['error', 'warning'].includes(message.type()) && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`) && !request.url().startsWith('data:'))
      complaints.push(`asked elsewhere: ${request.url()}`);
  });
  return complaints;
}

async function keepPicture(page: Page, name: string): Promise<void> {
  await mkdir(screenshotFolder, { recursive: true });
  // What is over the page is over the window only.
  const isCovered = (await page.locator('dialog[open]').count()) > 0;
  await page.screenshot({ path: join(screenshotFolder, `${name}.png`), fullPage: !isCovered });
}

async function closeQuietly(context: BrowserContext): Promise<void> {
  await context.close();
}
