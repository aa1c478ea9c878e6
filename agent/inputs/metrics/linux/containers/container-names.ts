import type { ProcReader } from '../proc-reader.ts';
import type { FoundContainer } from './find-containers.ts';

export interface ContainerNames {
  readonly name?: string;
  readonly image?: string;
}

const podmanList = 'var/lib/containers/storage/overlay-containers/containers.json';

/** As the manager's own files have them; nothing where these cannot be read. Asked once for each container. */
export function namesOf(reader: ProcReader, { id, runtime }: FoundContainer): ContainerNames {
  try {
    if (runtime === 'docker')
      return dockerNames(JSON.parse(reader.text(reader.path('var/lib/docker/containers', id, 'config.v2.json'))));
    if (runtime === 'podman') return podmanNames(JSON.parse(reader.text(reader.path(podmanList))), id);
  } catch {
    // Not there, not allowed, or in a form of another version.
  }
  return {};
}

function dockerNames(config: unknown): ContainerNames {
  const name = textAt(config, 'Name')?.replace(/^\//, '');
  return named(name, textAt(fieldOf(config, 'Config'), 'Image'));
}

function podmanNames(list: unknown, id: string): ContainerNames {
  if (!Array.isArray(list)) return {};
  const entry: unknown = list.find((candidate: unknown) => fieldOf(candidate, 'id') === id);
  const names = fieldOf(entry, 'names');
  const metadata: unknown = JSON.parse(textAt(entry, 'metadata') ?? '{}');
  const name: unknown = Array.isArray(names) ? names[0] : undefined;
  return named(typeof name === 'string' ? name : undefined, textAt(metadata, 'image-name'));
}

function named(name: string | undefined, image: string | undefined): ContainerNames {
  return { ...(name === undefined ? {} : { name }), ...(image === undefined ? {} : { image }) };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function textAt(value: unknown, name: string): string | undefined {
  const found = fieldOf(value, name);
  return typeof found === 'string' && found !== '' ? found : undefined;
}
