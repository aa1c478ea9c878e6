import type { JsonSchema } from './json-schema.ts';

export interface OptionsPage {
  readonly title: string;
  /** One or more paragraphs below the title. */
  readonly introduction: string;
  readonly options: JsonSchema;
}

/** A markdown page of every option: name, type, default and description, a section for every mapping. */
export function optionsPage(page: OptionsPage): string {
  const sections = [...optionSections(page.options, '')];
  return `# ${page.title}\n\n${page.introduction}\n\n${sections.join('\n\n')}\n`;
}

/** One for each mapping. `path` is what stands before the names of its options. */
export function* optionSections(schema: JsonSchema, path: string): Generator<string> {
  const { properties } = schema;
  if (properties === undefined) {
    for (const form of formsOf(schema)) yield* optionSections(form, path);
    if (schema.items !== undefined) yield* optionSections(schema.items, `${path}[]`);
    if (typeof schema.additionalProperties === 'object') yield* optionSections(schema.additionalProperties, `${path}.NAME`);
    return;
  }
  yield [
    heading(schema, path),
    ...(path === '' || schema.description === undefined ? [] : [schema.description]),
    table(schema),
  ].join('\n\n');
  for (const [name, option] of Object.entries(properties)) yield* optionSections(option, path === '' ? name : `${path}.${name}`);
}

/** A mapping of a union is told from its siblings by its constant keys, such as `kind: file`. */
function heading(schema: JsonSchema, path: string): string {
  if (path === '') return '## The file';
  const constants = Object.entries(schema.properties ?? {}).filter(([, option]) => option.const !== undefined);
  const kind = constants.map(([name, option]) => ` with \`${name}: ${String(option.const)}\``);
  return `## \`${path}\`${kind.join('')}`;
}

function table(schema: JsonSchema): string {
  const rows = Object.entries(schema.properties ?? {}).map(([name, option]) => {
    const needed = schema.required?.includes(name) === true;
    return [`\`${name}\``, typeOf(option), option.const === undefined ? defaultOf(option, needed) : '', option.description ?? ''];
  });
  const lines = [['option', 'type', 'default', 'meaning'], ['---', '---', '---', '---'], ...rows];
  return lines.map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n');
}

function cell(text: string): string {
  return text
    .replaceAll('|', String.raw`\|`)
    .replaceAll(/\s+/g, ' ')
    .trim();
}

function defaultOf(schema: JsonSchema, needed: boolean): string {
  const { default: value } = schema;
  if (value === undefined) return needed ? 'required' : 'none';
  if (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
    return schema.properties ? 'see below' : 'empty';
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function typeOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum?.length === 1) return schema.enum.map(code).join('');
  if (schema.enum !== undefined) return `one of ${schema.enum.map(code).join(', ')}`;
  if (schema.unit !== undefined) return `${schema.unit === 'bytes' ? 'size' : 'duration'}${limits(schema.min, schema.max)}`;
  const forms = formsOf(schema);
  if (forms.length > 0) return [...new Set(forms.map(typeOf))].join(' or ');
  switch (schema.type) {
    case 'string':
      return 'text';
    case 'integer':
      return `whole number${limits(schema.minimum, schema.maximum)}`;
    case 'number':
      return `number${limits(schema.minimum, schema.maximum)}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return `list of ${typeOf(schema.items ?? {})}`;
    case 'object':
      return typeof schema.additionalProperties === 'object'
        ? `mapping of names to ${typeOf(schema.additionalProperties)}`
        : 'mapping';
    case undefined:
    default:
      return 'any';
  }
}

function formsOf(schema: JsonSchema): readonly JsonSchema[] {
  return schema.unit === undefined ? (schema.anyOf ?? schema.oneOf ?? []) : [];
}

function limits(min: string | number | undefined, max: string | number | undefined): string {
  if (min !== undefined && max !== undefined) return `, ${min} to ${max}`;
  if (min !== undefined) return `, at least ${min}`;
  return max === undefined ? '' : `, at most ${max}`;
}

function code(value: unknown): string {
  return `\`${String(value)}\``;
}
