/**
 * The pipelines that a hub has: the files of `pipelines_dir` as texts, presets by their names, and which channel has which. A set is plain
 * data, so that it can be given to threads, and never changes: a reload makes another one.
 */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { PipelineRules } from '../../config/pipeline-options.ts';

/** A pipeline as it was written. */
export interface PipelineSource {
  readonly name: string;
  /** What problems are reported under: a path, or `preset:nginx`. */
  readonly file: string;
  readonly text: string;
  /** Of the files beside it that its steps are made of (StepContext.readFile), by their paths: whoever makes it again makes the same. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
}

export interface PipelineSet {
  /** Of files; where one has the name of a preset the file holds. */
  readonly sources: readonly PipelineSource[];
  readonly rules: PipelineRules;
  /** Names of the outputs that take documents; undefined where nobody knows which there are. */
  readonly outputs?: readonly string[] | undefined;
}

export const emptyPipelineSet: PipelineSet = { sources: [], rules: [] };

/** The name of a channel's pipeline; undefined where its records stay as they are. */
export function pipelineNameOf({ sources, rules }: PipelineSet, channel: ChannelName): string | undefined {
  const [tenant = '', type = ''] = channel.split('/');
  const rule = rules.find((one) => fits(one.tenant, tenant) && fits(one.type, type));
  if (rule !== undefined) return rule.pipeline === 'none' ? undefined : rule.pipeline;
  return sources.some(({ name }) => name === type) ? type : undefined;
}

function fits(wanted: string | undefined, name: string): boolean {
  return wanted === undefined || wanted === name;
}
