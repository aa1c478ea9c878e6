/**
 * The page of a site with 2,000 agents, in a real browser over an API that is made up: until the overview can be used, and what each thing that one
 * does there is for the page's thread. What one waits for besides is no work: the pause after which a letter is looked for, and the answer.
 */
import { loadavg } from 'node:os';
import { ManyAgentsPage, type Took } from '../harness/browser/many-agents-page.ts';
import { plainFigure, type Measurement } from './figure.ts';
import { median } from './measure.ts';

export const page2000: Measurement = {
  figures: ['page-2000', 'page-2000-interaction'],
  long: true,
  measure: async ({ runs, note }) => {
    const seen: Seen = new Map();
    await using many = await ManyAgentsPage.start();
    for (let run = 0; run < runs; run += 1) await runOnce(many, seen);
    const medians = [...seen].map(([what, all]) => {
      const [workMs, paintedMs] = [median(all.map((took) => took.workMs)), median(all.map((took) => took.paintedMs))];
      note(`${what}: ${workMs.toFixed(0)} ms of work, painted after ${paintedMs.toFixed(0)} ms`);
      return { what, workMs, paintedMs };
    });
    note(`load ${(loadavg()[0] ?? 0).toFixed(1)}`);
    const [opened, ...done] = medians;
    return [
      plainFigure('page-2000', 'ms', opened?.paintedMs ?? Number.NaN, { atMost: 1000 }),
      plainFigure('page-2000-interaction', 'ms', Math.max(...done.map(({ workMs }) => workMs)), { atMost: 100 }),
    ];
  },
};

type Seen = Map<string, Took[]>;

async function runOnce(many: ManyAgentsPage, seen: Seen): Promise<void> {
  const keep = (what: string, took: Took): void => void seen.getOrInsert(what, []).push(took);
  keep('the overview', await many.openOverview());
  keep('more of what is wrong', await many.showMoreWrong());
  keep('another zone', await many.changeZone());
  await many.openAgents();
  keep('another order', await many.sortAgents());
  keep('scrolling', await many.scrollAgents());
  await many.filterAgents();
  keep('a letter of a filter', await many.typeLetter());
}
