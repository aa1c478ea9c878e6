import * as z from 'zod';
import { commonInputFields } from '../common-options.ts';
import { containerLogFields } from '../containers/log-fields.ts';

const globs = z.array(z.string().min(1).max(256)).max(256).default([]);

const selection = z.strictObject({
  names: globs.describe('Names of containers, without the slash before them.'),
  images: globs.describe('Images as the container names them, such as `*/nginx:*`.'),
  labels: globs.describe('Labels: `name` or `name=value`, such as `com.docker.compose.project=shop`.'),
});

export const dockerInputOptions = z.strictObject({
  kind: z.literal('docker'),
  ...commonInputFields,
  root: z.string().startsWith('/', 'must be an absolute path').default('/var/lib/docker').describe("Docker's data folder."),
  include: selection
    .prefault({})
    .describe('Only containers that fit one of these globs (`*` any text, `?` any character). Without any: all containers.'),
  exclude: selection.prefault({}).describe('Containers that fit one of these globs are not read, included or not.'),
  type_label: z
    .string()
    .min(1)
    .max(256)
    .default('tributary.type')
    .describe('Containers with this label have its value as their log type.'),
  container_labels: globs
    .default(['*'])
    .describe("Names of the container's labels that are kept as `container.labels.…`, with `_` for each dot."),
  ...containerLogFields,
});

/** As the docker input takes them; `kind` has done its work by then. */
export type DockerInputOptions = Omit<z.output<typeof dockerInputOptions>, 'kind'>;
