/** Reads the files of `pipelines_dir`. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigProblem } from '@tributary/shared/options/config-file.ts';
import { pipelineName, type PipelineRules } from '../../config/pipeline-options.ts';
import { presetNames } from '../presets/presets.ts';
import type { PipelineSet, PipelineSource } from './pipeline-set.ts';

export interface ReadPipelines {
  readonly set: PipelineSet;
  /** Of files that cannot be read, of names that are none, and of rules that name what is not there. */
  readonly problems: readonly ConfigProblem[];
}

/** `nginx.test.yaml` are cases for `tributary-hub test`. */
const pipelineFile = /^(?<name>.*?)(?<isTest>\.test)?\.ya?ml$/;
const utf8 = new TextDecoder('utf-8', { fatal: true });

export function readPipelines(folder: string, rules: PipelineRules): ReadPipelines {
  const problems: ConfigProblem[] = [];
  const sources: PipelineSource[] = [];
  const unreadable: string[] = [];
  const problem = (file: string, message: string): void => void problems.push({ file, path: '', message });
  for (const entry of filesOf(folder, problem)) {
    const { name = '', isTest } = pipelineFile.exec(entry)?.groups ?? {};
    // Editors and file systems put hidden files beside those that people write.
    if (name === '' || entry.startsWith('.') || isTest !== undefined) continue;
    const file = join(folder, entry);
    if (!pipelineName.safeParse(name).success) problem(file, 'has a name that no pipeline can have: 1 to 50 of a-z, 0-9 and _');
    else if (sources.some((source) => source.name === name)) problem(file, `is a second file for the pipeline ${name}`);
    else {
      const text = textOf(file, problem);
      if (text === undefined) unreadable.push(name);
      else sources.push({ name, file, text });
    }
  }
  const names = new Set([...sources.map(({ name }) => name), ...unreadable, ...presetNames]);
  for (const [index, { pipeline }] of rules.entries()) {
    if (pipeline !== 'none' && !names.has(pipeline))
      problems.push({
        file: folder,
        path: `pipelines[${index}].pipeline`,
        message: `names ${pipeline}, which is neither a file here (${pipeline}.yaml) nor a preset`,
        hint: `presets are ${presetNames.join(', ')}`,
      });
  }
  return { set: { sources, rules }, problems };
}

/** A folder that is not there is empty. */
function filesOf(folder: string, problem: (file: string, message: string) => void): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') problem(folder, `cannot be read (${codeOf(error)})`);
    return [];
  }
}

function textOf(file: string, problem: (file: string, message: string) => void): string | undefined {
  let bytes: Buffer;
  try {
    // A pipe that nobody writes to would hold up the hub.
    if (statSync(file).isFile()) bytes = readFileSync(file);
    else throw new Error('no file');
  } catch (error) {
    problem(file, `cannot be read (${codeOf(error)})`);
    return undefined;
  }
  try {
    return utf8.decode(bytes);
  } catch {
    problem(file, 'is not UTF-8 text');
    return undefined;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error ? String('code' in error ? error.code : error.message) : String(error);
}
