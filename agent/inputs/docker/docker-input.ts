/**
 * The docker input: json-file logs of containers, each file a stream with the container's names and labels. Files are found, followed
 * through Docker's own rotation and read by files-input.ts; docker-kind.ts tells what they are. A stream's bytes are the file's own
 * JSON lines; lines that Docker split are one record.
 */
import { filesOptions } from '../containers/container-files.ts';
import { everySoOften, withTask } from '../containers/input-with-task.ts';
import { createFilesInput } from '../file/files-input.ts';
import type { Input } from '../input.ts';
import type { InputParts } from '../registry.ts';
import { DockerKind } from './docker-kind.ts';
import { sweepIntervalMs } from './limits.ts';
import type { DockerInputOptions } from './options.ts';

export function createDockerInput(parts: InputParts<DockerInputOptions>): Input {
  const { name, options, sink, events, clock, defaults, once = false } = parts;
  const kind = new DockerKind({ options, defaults, events, clock });
  const fileOptions = filesOptions(options, dockerPaths(options));
  const files = createFilesInput({ name, sink, events, clock, once, fileOptions, kind });
  return withTask(files, (signal) => everySoOften(() => kind.sweep(), { clock, intervalMs: sweepIntervalMs, signal }));
}

/** The logs of containers, and those that Docker rotated. */
export function dockerPaths({ root }: Pick<DockerInputOptions, 'root'>): string[] {
  return [`${root}/containers/*/*-json.log`, `${root}/containers/*/*-json.log.*`];
}
