import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { agentOptions } from '@tributary/agent/options.ts';
import { hubOptions } from '@tributary/hub/options.ts';
import { pipelineSchema } from '@tributary/hub/processing/definition/pipeline-schema.ts';
import { caseFileSchema } from '@tributary/hub/processing/trying/case-file.ts';
import { describeOptions, publishedSchema } from '@tributary/shared/options/json-schema.ts';
import { optionsPage } from '@tributary/shared/options/options-page.ts';
import { pipelinesPage } from './pipelines-page.ts';

/**
 * Writes the options pages and JSON Schemas of both configuration files and of pipelines from the one definition of each.
 * `npm run docs [-- --check]`: with `--check` nothing is written, and what is out of date is named.
 */
const repository = fileURLToPath(new URL('..', import.meta.url));

interface GeneratedFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly content: string;
}

function generateDocs(): GeneratedFile[] {
  const pipelines = [
    formatted('docs/reference/pipelines.md', pipelinesPage()),
    schemaFile('pipelines', pipelineSchema, 'A pipeline of tributary-hub'),
    schemaFile('pipeline-cases', caseFileSchema, 'Cases beside a pipeline of tributary-hub'),
  ];
  return [...referenceOf('agent', agentOptions), ...referenceOf('hub', hubOptions), ...pipelines];
}

/** The files that are missing or differ from what would be generated. */
function outdatedDocs(): string[] {
  return generateDocs()
    .filter(({ path, content }) => readOrEmpty(join(repository, path)) !== content)
    .map(({ path }) => path);
}

function referenceOf(product: 'agent' | 'hub', schema: Parameters<typeof describeOptions>[0]): GeneratedFile[] {
  const title = `Options of tributary-${product}`;
  const introduction = `Every option of \`/etc/tributary/${product}.yaml\` (another file: \`--config FILE\`). Unknown keys are errors. In any value
\`\${NAME}\` stands for an environment variable, \`\${file:PATH}\` for the content of a file, \`$\${\` for a literal \`\${\`. A size is written as
\`64KiB\`, \`1MiB\`, \`1GB\` or a number of bytes; a duration as \`200ms\`, \`5s\`, \`5m\`, \`1h\` or \`7d\`. Editors check the file with
[${product}.schema.json](${product}.schema.json). This page is generated from \`${product}/options.ts\`.`;
  return [
    formatted(`docs/reference/${product}.md`, optionsPage({ title, introduction, options: describeOptions(schema) })),
    schemaFile(product, schema, title),
  ];
}

function schemaFile(name: string, schema: Parameters<typeof describeOptions>[0], title: string): GeneratedFile {
  return formatted(`docs/reference/${name}.schema.json`, JSON.stringify(publishedSchema(schema, title), undefined, 2));
}

/** Generated files look as the formatter wants them, or its check would complain of them. */
function formatted(path: string, input: string): GeneratedFile {
  const formatter = join(repository, 'node_modules/.bin/oxfmt');
  const content = execFileSync(formatter, ['--stdin-filepath', path], { cwd: repository, encoding: 'utf8', input });
  return { path, content };
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

if (process.argv.includes('--check')) {
  const outdated = outdatedDocs();
  for (const path of outdated) process.stderr.write(`${path} is out of date: npm run docs writes it\n`);
  if (outdated.length > 0) process.exitCode = 1;
} else {
  mkdirSync(join(repository, 'docs/reference'), { recursive: true });
  for (const { path, content } of generateDocs()) writeFileSync(join(repository, path), content);
}
