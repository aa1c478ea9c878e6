/** What lies in `pipelines_dir` now, and which of it cannot even be read. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ConfigError } from '@tributary/shared/options/config-file.ts';
import { formatProblem } from '@tributary/shared/options/problem.ts';
import type { PipelineRules } from '../../config/pipeline-options.ts';
import type { PipelineSource } from '../definition/pipeline-set.ts';
import { readPipelines } from '../definition/read-pipelines.ts';
import { presetSource } from '../presets/presets.ts';

export interface PipelinePlace {
  /** `pipelines_dir`. */
  readonly folder: string;
  readonly rules: PipelineRules;
  /** Names of the outputs that take documents. */
  readonly outputs?: readonly string[];
}

export interface ReadSources {
  readonly sources: readonly PipelineSource[];
  /** That rules name, and for which there is no file. */
  readonly presets: readonly PipelineSource[];
  /** By the pipeline's name, or the file's where that is none. */
  readonly problems: ReadonlyMap<string, readonly string[]>;
}

const yamlFile = /\.ya?ml$/;

/** Throws a ConfigError where the folder cannot be read at all: then nobody knows what there is. */
export function readSources({ folder, rules }: PipelinePlace): ReadSources {
  const { set, problems } = readPipelines(folder, rules);
  const ofFolder = problems.filter(({ file, path }) => file === folder && path === '');
  if (ofFolder.length > 0) throw new ConfigError(ofFolder);
  const byName = Map.groupBy(problems, ({ file, path }) => {
    const rule = /^pipelines\[(\d+)\]/.exec(path)?.[1];
    return rule === undefined ? basename(file).replace(yamlFile, '') : (rules[Number(rule)]?.pipeline ?? file);
  });
  const named = new Set(rules.map(({ pipeline }) => pipeline));
  const isFile = new Set(set.sources.map(({ name }) => name));
  const presets = [...named].flatMap((name) => (isFile.has(name) ? [] : (presetSource(name) ?? [])));
  const texts = [...byName].map(([name, found]) => [name, found.map(formatProblem)] as const);
  return { sources: set.sources, presets, problems: new Map(texts) };
}

/** Files that pipelines are in, good or not. */
export function pipelineFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => yamlFile.test(name))
      .map((name) => join(folder, name));
  } catch {
    return [folder];
  }
}

/** The same text, with the same files beside it as they are now. */
export function isSameSource(before: PipelineSource, now: PipelineSource): boolean {
  if (before.text !== now.text || before.file !== now.file) return false;
  return Object.entries(before.files ?? {}).every(([path, bytes]) => {
    try {
      return readFileSync(path).equals(bytes);
    } catch {
      return false;
    }
  });
}
