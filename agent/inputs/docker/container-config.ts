/**
 * What Docker writes about a container beside its log: `config.v2.json`. Only a few of its fields are read, and nothing is believed of
 * their shape: a field that is no text is as if it were not there.
 */
import { open } from 'node:fs/promises';
import type { Labels } from '../containers/stream-labels.ts';
import { configBytesMax } from './limits.ts';

export interface ContainerConfig {
  /** Without the slash before it; '' if there is none. */
  readonly name: string;
  readonly image: string;
  readonly labels: Labels;
}

export class ContainerConfigError extends Error {
  override readonly name = 'ContainerConfigError';
  readonly code = 'CONTAINER_CONFIG';
}

export async function readContainerConfig(path: string): Promise<ContainerConfig> {
  const file = await open(path, 'r');
  let text: string;
  try {
    const { size } = await file.stat();
    if (size > configBytesMax) throw new ContainerConfigError(`${path} is longer than the config of a container can be`);
    text = await file.readFile('utf8');
  } finally {
    await file.close();
  }
  try {
    return configFrom(JSON.parse(text));
  } catch (error) {
    throw new ContainerConfigError(`${path} is no config of a container`, { cause: error });
  }
}

function configFrom(json: unknown): ContainerConfig {
  const { Name: name, Config: config } = objectOf(json);
  const { Image: image, Labels: labels } = objectOf(config);
  const texts = Object.entries(objectOf(labels)).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return { name: textOf(name).replace(/^\//, ''), image: textOf(image), labels: Object.fromEntries(texts) };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
