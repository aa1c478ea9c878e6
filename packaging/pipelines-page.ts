/** The reference of pipelines: the file, every step with its options, and the cases beside it. Made of the registry of steps. */
import { pipelineSchema, stepKinds } from '@tributary/hub/processing/definition/pipeline-schema.ts';
import { presetNames } from '@tributary/hub/processing/presets/presets.ts';
import { stepDefinitions } from '@tributary/hub/processing/steps/registry.ts';
import type { StepDefinition } from '@tributary/hub/processing/steps/step.ts';
import { caseFileSchema } from '@tributary/hub/processing/trying/case-file.ts';
import { describeOptions, type JsonSchema } from '@tributary/shared/options/json-schema.ts';
import { optionSections } from '@tributary/shared/options/options-page.ts';

const introduction = `A pipeline is a file \`NAME.yaml\` in \`pipelines_dir\`; [operating/pipelines.md](../operating/pipelines.md) tells how they are
written and tried. Unknown keys are errors, told with file, line and column. In any value \`\${NAME}\` stands for an environment variable, \`\${file:PATH}\` for the
content of a file, \`$\${\` for a literal \`\${\`. Editors check files with [pipelines.schema.json](pipelines.schema.json) and
[pipeline-cases.schema.json](pipeline-cases.schema.json). This page is generated from the registry of steps (\`hub/processing/steps/registry.ts\`).`;

export function pipelinesPage(): string {
  const sorted = stepDefinitions.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const links = sorted.map(({ name }) => `[\`${name}\`](#${name})`).join(', ');
  return [
    '# Pipelines',
    introduction,
    fileSections(),
    '## Steps',
    `${links}, and \`preset\`: all steps of ${presetNames.map((name) => `\`${name}\``).join(', ')}; \`tributary-hub try PRESET --show\` prints their text.`,
    ...sorted.map(stepSection),
    '## Cases',
    'In `NAME.test.yaml` beside the pipeline, run by `tributary-hub test`. Nothing is substituted in it.',
    [...optionSections(describeOptions(caseFileSchema), '')].map((section) => `#${section}`).join('\n\n'),
  ].join('\n\n');
}

/** Without the steps' own options, which have sections of their own. */
function fileSections(): string {
  const { properties = {}, ...rest } = describeOptions(pipelineSchema);
  const steps = properties['steps'] ?? {};
  const common = Object.entries(steps.items?.properties ?? {}).filter(([name]) => name === 'preset' || !stepKinds.includes(name));
  const items = { ...steps.items, properties: Object.fromEntries(common) };
  return [...optionSections({ ...rest, properties: { ...properties, steps: { ...steps, items } } }, '')].join('\n\n');
}

function stepSection({ name, summary, options, keepsState }: StepDefinition): string {
  const described = describeOptions(options);
  const remembers = keepsState === true ? ['It remembers what it saw: such a pipeline has one thread at a time.'] : [];
  const forms = described.properties === undefined ? (described.anyOf ?? described.oneOf ?? []) : [described];
  const sections = forms.flatMap((form) => sectionsBelow(form, name, forms.length > 1));
  return [`### ${name}`, summary, ...remembers, ...sections].join('\n\n');
}

/** Of several forms each is named by what it has to have. */
function sectionsBelow(form: JsonSchema, name: string, isOneOfSeveral: boolean): string[] {
  const [first = '', ...others] = [...optionSections({ ...form, description: undefined }, name)];
  const table = first.split('\n').slice(2).join('\n');
  const needed = (form.required ?? []).map((option) => `\`${option}\``).join(', ');
  const hasOptions = Object.keys(form.properties ?? {}).length > 0;
  return [
    ...(isOneOfSeveral ? [`#### With ${needed}`] : []),
    hasOptions ? table : 'It has no options.',
    ...others.map((section) => `##${section}`),
  ];
}
