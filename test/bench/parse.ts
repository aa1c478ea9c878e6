import { setTimeout } from 'node:timers/promises';
import { bounds, processCpuSeconds, processingWork, type Share } from './processing-work.ts';
import { type Bench, type Figure, type Measurement, ratioFigure } from './figure.ts';
import { median } from './measure.ts';
import { combinedLines, haproxyLines, jsonLines, lineCount } from './parse-lines.ts';

/** Ten steps, four of them with conditions in CEL, as a team would have them. */
const tenSteps = `
fields: { app.region: keyword, app.path: keyword }
steps:
  - json: {}
  - timestamp: { from: time }
  - rename: { fields: { msg: message, level: log.level, status: http.response.status_code, user: user.name } }
  - rename: { fields: { region: app.region, path: url.path } }
  - set: { values: { event.duration: 'int(fields.ms * 1000000.0)' } }
  - remove: { fields: [ms] }
  - set: { fields: { event.outcome: success } }
    when: http.response.status_code < 400
  - set: { fields: { event.outcome: failure } }
    when: http.response.status_code >= 500 || log.level == "error"
  - drop: {}
    when: url.path.startsWith("/health") && http.response.status_code == 200
  - set: { fields: { service.name: '{{ app.region }}-things' } }
    when: url.path.startsWith("/api/v1/things")
`;

interface Subject {
  readonly figure: string;
  readonly pipeline: string;
  readonly lines: () => string[];
  /** Of the CPU that a bare loop of JSON.parse takes for as many lines of JSON. */
  readonly limit: number;
}

const subjects: readonly Subject[] = [
  { figure: 'parse-json', pipeline: 'steps: [{ json: {} }]', lines: jsonLines, limit: 2 },
  { figure: 'parse-combined', pipeline: 'steps: [{ preset: nginx }]', lines: combinedLines, limit: 10 },
  { figure: 'parse-haproxy', pipeline: 'steps: [{ preset: haproxy }]', lines: haproxyLines, limit: 10 },
  { figure: 'parse-ten-steps', pipeline: tenSteps, lines: jsonLines, limit: 25 },
];

/**
 * What pipelines cost: whole batches through the hub's worker thread (inflated, split, parsed, written as documents, compressed), against
 * a bare loop of JSON.parse over lines that are texts already. All of the process's CPU, collecting garbage included.
 */
export const parse: Measurement = {
  figures: subjects.map(({ figure }) => figure),
  measure: async (bench) => {
    const figures: Figure[] = [];
    for (const subject of subjects) figures.push(await measured(bench, subject));
    return figures;
  },
};

async function measured({ runs, note }: Bench, { figure, pipeline, lines, limit }: Subject): Promise<Figure> {
  const given = lines();
  await using work = processingWork({ pipeline, lines: given, threads: 1 });
  const bare = bareLoop();
  const ours = [];
  const theirs = [];
  for (let run = 0; run <= runs; run += 1) {
    const before = processCpuSeconds();
    let parsed = 0;
    for (const share of shares) {
      await work.run(share);
      await setTimeout(settleMs);
      parsed += bare(share);
    }
    if (run < warmUps) continue;
    theirs.push(parsed);
    ours.push(processCpuSeconds() - before - parsed);
  }
  const seconds = median(ours);
  const bareSeconds = median(theirs);
  const bytes = Math.round(given.reduce((sum, line) => sum + line.length, 0) / given.length);
  note(`${figure}: ${rate(seconds)} of ${bytes} bytes; JSON.parse ${rate(bareSeconds)}`);
  return ratioFigure(figure, 's', { value: seconds, tool: 'JSON.parse', toolValue: bareSeconds, limit });
}

/** Whatever else the machine does meanwhile should not meet only one of two: they take turns. */
const shares: readonly Share[] = Array.from({ length: 10 }, (_, part) => ({ part, parts: 10 }));
const warmUps = 1;
/** Until what one left in the background, such as garbage, is done with: it is none of the other's. */
const settleMs = 20;

function rate(seconds: number): string {
  return `${Math.round(lineCount / seconds / 1000)},000 lines/s of CPU`;
}

/** CPU seconds of parsing a share of the lines once. */
function bareLoop(): (share: Share) => number {
  const lines = jsonLines();
  return (share) => {
    const some = lines.slice(...bounds(share, lines.length));
    const before = processCpuSeconds();
    let sum = 0;
    for (const line of some) {
      const value: { readonly ms: number } = JSON.parse(line);
      sum += value.ms;
    }
    if (sum === 0) throw new Error('the lines were not parsed');
    return processCpuSeconds() - before;
  };
}

/** What a document costs when two threads work, by what it costs when one does. */
export const parseWorkers: Measurement = {
  figures: ['parse-workers'],
  measure: async ({ runs, note }) => {
    const lines = combinedLines();
    const pipeline = 'steps: [{ preset: nginx }]';
    await using one = processingWork({ pipeline, lines, threads: 1 });
    await using two = processingWork({ pipeline, lines, threads: 2 });
    const alone = [];
    const together = [];
    for (let run = 0; run <= runs; run += 1) {
      const seconds = { one: 0, two: 0 };
      for (const share of shares) {
        seconds.one += await one.run(share);
        seconds.two += await two.run(share);
      }
      if (run < warmUps) continue;
      alone.push(seconds.one);
      together.push(seconds.two);
    }
    note(`parse-workers: CPU seconds for ${lineCount} combined lines, the median of ${runs} runs each`);
    const values = { value: median(together), tool: 'one thread', toolValue: median(alone), limit: 1.15 };
    return [ratioFigure('parse-workers', 's', values)];
  },
};
