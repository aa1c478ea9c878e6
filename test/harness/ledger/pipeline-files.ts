import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../random.ts';

/** Pipelines of the scenario `pipelines`; `plain` has none. Every good version of one says the same but for its number. */
export const pipelineNames = ['app', 'web', 'many', 'script'] as const;
export type PipelineName = (typeof pipelineNames)[number];

const texts: Readonly<Record<Exclude<PipelineName, 'script'>, (version: number) => string>> = {
  app: (version) => `fields: { app.took: long, app.version: long }
steps:
  - json:
  - set: { fields: { app.version: ${version} } }
    when: app.took >= 50
`,
  web: (version) => `fields: { app.rule: keyword, app.took: long, app.size: long, app.version: long }
steps:
  - logfmt: { to: app }
  - drop:
    when: app.rule == "drop"
  - name: size
    convert: { fields: { app.size: int } }
    on_error: drop
  - set: { fields: { app.version: ${version} } }
  - name: took
    convert: { fields: { app.took: int } }
    on_error: keep
  - route: { type: plain }
    when: app.rule == "slow"
`,
  many: (version) => `fields: { item.kind: keyword, item.took: long, app.version: long }
steps:
  - json:
  - set: { fields: { app.version: ${version} } }
  - split: { array: items, to: item }
  - drop:
    when: item.kind == "c"
  - convert: { fields: { item.took: int } }
  - route: { type: slow }
    when: item.kind == "b"
`,
};

const scriptPipeline = 'steps:\n  - script: { file: lines.ts }\n';

/** What ends a thread is within its limits when nothing marks a line. */
function scriptText(version: number): string {
  return `const version: number = ${version};
const kept: number[][] = [];

export default function (record) {
  const [, id, rule] = /^id=(\\S+) rule=(\\w+) /.exec(record.message) ?? [];
  if (rule === 'loop') for (;;);
  if (rule === 'fill') for (;;) kept.push(Array.from({ length: 100 }, (_, index) => index * 1.5));
  if (rule === 'throw') throw new TypeError(\`told to by \${id}\`);
  const app = { id, rule, version };
  if (rule === 'twice') return [0, 1].map((part) => ({ fields: { app, part } }));
  return rule === 'other' ? { fields: { app }, type: 'slow' } : { fields: { app } };
}
`;
}

/** Mistakes, each at a place in its file. */
const mistakes: readonly ((text: string) => string)[] = [
  (text) => `${text}  - jsn:\n`,
  (text) => `${text}  - drop:\n    when: message > 5\n`,
  (text) => `${text}  - drop:\n    when: no.such.field == "a"\n`,
  (text) => `${text}  - route: { type: Wrong! }\n`,
  (text) => `${text}  - script: { code: "export default (record) => { const a = ; return record; };" }\n`,
  (text) => text.slice(0, -3),
];

export class PipelineFiles {
  readonly #folder: string;
  readonly #versions = new Map<PipelineName, number>();

  constructor(folder: string) {
    this.#folder = folder;
    this.#write('script.yaml', scriptPipeline);
    for (const name of pipelineNames) this.writeGood(name);
  }

  /** A new version of the same; its number. */
  writeGood(name: PipelineName): number {
    const version = (this.#versions.get(name) ?? 0) + 1;
    this.#versions.set(name, version);
    if (name === 'script') {
      this.#write('lines.ts', scriptText(version));
      this.#write('script.yaml', scriptPipeline);
    } else this.#write(`${name}.yaml`, texts[name](version));
    return version;
  }

  /** Another version that nothing can be made of. */
  writeBad(name: PipelineName, random: Random): void {
    const version = 1_000_000;
    const spoil = random.pick(mistakes.slice(0, name === 'script' ? -1 : mistakes.length));
    if (name === 'script' && random.chance(0.5)) this.#write('lines.ts', `${scriptText(version)}const = 1;\n`);
    else this.#write(`${name}.yaml`, spoil(name === 'script' ? scriptPipeline : texts[name](version)));
  }

  #write(name: string, text: string): void {
    const path = join(this.#folder, name);
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }
}
