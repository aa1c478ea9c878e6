/**
 * The input of kind `file`: files that globs match, of the type, tenant and labels that the options tell for their paths. How they are
 * found, followed and read is in files-input.ts.
 */
import { matchesGlob } from 'node:path';
import { labelValueBytesMax } from '@tributary/protocol/limits.ts';
import type { StreamAttributes } from '@tributary/protocol/messages.ts';
import { LinearPattern } from '@tributary/shared/linear-pattern.ts';
import { createFraming } from '../../framing/create-framing.ts';
import type { Input } from '../input.ts';
import type { InputDefaults, InputParts } from '../registry.ts';
import { captureLabels } from './captures.ts';
import type { FileKind, FileTraits } from './file-kind.ts';
import { createFilesInput } from './files-input.ts';
import type { FileInputOptions } from './options.ts';

export function createFileInput({
  name,
  options,
  sink,
  events,
  clock,
  defaults,
  once = false,
}: InputParts<FileInputOptions>): Input {
  return createFilesInput({ name, sink, events, clock, once, fileOptions: options, kind: fileKind(options, defaults) });
}

type PathRule = FileInputOptions['by_path'][number];

/** Traits by path: files of one rule without groups share theirs. */
export function fileKind(options: FileInputOptions, defaults: InputDefaults): FileKind {
  const framing = createFraming(options);
  const traitsFor = (rule: PathRule | undefined, match?: RegExpExecArray): FileTraits => {
    const attributes: StreamAttributes = {
      tenant: rule?.tenant ?? options.tenant ?? defaults.tenant,
      type: rule?.type ?? options.type,
      host: defaults.host,
      encoding: options.encoding,
      counted: false,
      labels: { ...defaults.labels, ...options.labels, ...shortened(captureLabels(rule?.labels ?? {}, match)) },
    };
    return { attributes, ...framing };
  };
  const rules = options.by_path.map((rule) => ({
    rule,
    pattern: rule.pattern === undefined ? undefined : new LinearPattern(rule.pattern),
    shared: traitsFor(rule),
  }));
  const others = traitsFor(undefined);
  return {
    traitsOf: (path) => {
      for (const { rule, pattern, shared } of rules) {
        if (!rule.paths.some((glob) => glob === path || matchesGlob(path, glob))) continue;
        if (pattern === undefined) return shared;
        const match = pattern.exec(path);
        if (match !== undefined) return traitsFor(rule, match);
      }
      return others;
    },
  };
}

/** A part of a path may be longer than a label. */
function shortened(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).map(([label, value]) => {
      const bytes = Buffer.from(value);
      if (bytes.length <= labelValueBytesMax) return [label, value];
      return [label, new TextDecoder().decode(bytes.subarray(0, labelValueBytesMax), { stream: true })];
    }),
  );
}
