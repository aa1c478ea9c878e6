/** What axe-core finds wrong with a page as it is now: rules of WCAG 2.2 up to AA, and what it holds for good practice. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { at, listAt, textAt } from '../json.ts';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * A line for each; none is what a test wants. `colors` looks at contrasts only: what a page that was looked at needs once more when its colours
 * are others.
 */
export async function axeViolations(page: Page, what: 'all' | 'colors' = 'all'): Promise<string[]> {
  await page.evaluate(source);
  const options = what === 'all' ? { runOnly: tags } : { runOnly: ['color-contrast'] };
  const result: unknown = await page.evaluate(`axe.run(${JSON.stringify(options)})`);
  return listAt(result, 'violations').flatMap((violation) =>
    listAt(violation, 'nodes').map((node) => {
      const summary = at(node, 'failureSummary');
      return `${textAt(violation, 'id')}: ${textAt(node, 'html').slice(0, 200)} ${typeof summary === 'string' ? summary : ''}`;
    }),
  );
}
