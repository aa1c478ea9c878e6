/**
 * The kubernetes input: logs of containers as the kubelet keeps them, each file a stream with what is known of its pod. Files are found,
 * followed through the kubelet's own rotation and read by files-input.ts; kubernetes-kind.ts tells what they are. A stream's bytes are the
 * file's own lines; lines that the runtime split are one record.
 */
import { filesOptions } from '../containers/container-files.ts';
import { everySoOften, withTask } from '../containers/input-with-task.ts';
import { createFilesInput } from '../file/files-input.ts';
import type { Input } from '../input.ts';
import type { InputParts } from '../registry.ts';
import { KubernetesKind } from './kubernetes-kind.ts';
import { sweepIntervalMs } from './limits.ts';
import type { KubernetesInputOptions } from './options.ts';
import { PodBook } from './pod-book.ts';
import { podSource } from './pod-source.ts';

export function createKubernetesInput(parts: InputParts<KubernetesInputOptions>): Input {
  const { name, options, sink, events, clock, defaults, once = false } = parts;
  const source = podSource(options.metadata);
  const book = source === undefined ? undefined : new PodBook({ source, clock, events });
  const kind = new KubernetesKind({ options, defaults, events, clock, book });
  const files = createFilesInput({
    name,
    sink,
    events,
    clock,
    once,
    fileOptions: filesOptions(options, ...kubernetesPaths(options)),
    kind,
  });
  return withTask(files, async (signal) => {
    const swept = everySoOften(() => kind.sweep(), { clock, intervalMs: sweepIntervalMs, signal });
    await Promise.all([swept, book?.run(signal)]);
  });
}

/** The logs of containers, and what is none: what the kubelet compresses has another name until it is whole. */
export function kubernetesPaths({
  layout,
  root,
}: Pick<KubernetesInputOptions, 'layout' | 'root'>): [paths: readonly string[], exclude: readonly string[]] {
  if (layout === 'containers') return [[`${root ?? '/var/log/containers'}/*.log`], []];
  const folder = `${root ?? '/var/log/pods'}/*/*`;
  return [[`${folder}/*.log`, `${folder}/*.log.*`], [`${folder}/*.tmp`]];
}
