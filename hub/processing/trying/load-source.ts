/** The pipeline that a person names: a file of `pipelines_dir`, a preset, or a file by its path. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { ConfigError } from '@tributary/shared/options/config-file.ts';
import { readFailure } from '@tributary/shared/options/substitute.ts';
import { pipelineName } from '../../config/pipeline-options.ts';
import type { PipelineSource } from '../definition/pipeline-set.ts';
import { presetNames, presetSource } from '../presets/presets.ts';

export function isPath(name: string): boolean {
  return name.includes('/') || /\.ya?ml$/.test(name);
}

/** Throws a ConfigError. */
export function sourceAt(path: string): PipelineSource {
  const file = resolve(path);
  const name = basename(file).replace(/\.ya?ml$/, '');
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new ConfigError([{ file, path: '', message: `cannot be read: ${readFailure(error)}` }]);
  }
  try {
    return { name, file, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    throw new ConfigError([{ file, path: '', message: 'is not UTF-8 text' }]);
  }
}

/** As the hub finds it: a file holds where there is a preset of that name, too. Throws a ConfigError. */
export function sourceNamed(name: string, folder: string): PipelineSource {
  const files = ['yaml', 'yml'].map((end) => join(folder, `${name}.${end}`));
  const file = pipelineName.safeParse(name).success ? files.find((one) => existsSync(one)) : undefined;
  if (file !== undefined) return sourceAt(file);
  const preset = presetSource(name);
  if (preset !== undefined) return preset;
  const message = `there is no pipeline of this name: neither ${files[0] ?? ''} nor a preset`;
  const hint = `presets are ${presetNames.join(', ')}; another file is named by its path, such as ./${name}.yaml`;
  throw new ConfigError([{ file: name, path: '', message, hint }]);
}

/** A pipeline's text, and those of all presets that it names. */
export function textsOf(source: PipelineSource, seen: ReadonlySet<string> = new Set()): PipelineSource[] {
  const names = [...source.text.matchAll(/^\s*(?:- +)?preset: *['"]?(?<name>[a-z0-9_]+)/gm)].flatMap(
    ({ groups }) => groups?.['name'] ?? [],
  );
  const known = new Set([...seen, source.file]);
  const inner = [...new Set(names)].flatMap((name) => presetSource(name) ?? []).filter(({ file }) => !known.has(file));
  return [source, ...inner.flatMap((one) => textsOf(one, known))];
}
