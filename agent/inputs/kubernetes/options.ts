import { durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { commonInputFields } from '../common-options.ts';
import { containerLogFields } from '../containers/log-fields.ts';

const globs = z.array(z.string().min(1).max(256)).max(256).default([]);
const path = z.string().startsWith('/', 'must be an absolute path');
const account = '/var/run/secrets/kubernetes.io/serviceaccount';

const selection = z.strictObject({
  namespaces: globs.describe('Namespaces.'),
  pods: globs.describe('Names of pods.'),
  containers: globs.describe('Names of containers.'),
});

const metadata = z.strictObject({
  from: z
    .enum(['api', 'kubelet', 'none'])
    .default('api')
    .describe('Who is asked for labels, annotations and owners of pods: the API server, the kubelet of this node, or nobody.'),
  url: z
    .string()
    .refine(isSafeUrl, 'must be an https:// address; http:// only to this machine')
    .optional()
    .describe('Its address. Without it: `https://kubernetes.default.svc`, or `https://127.0.0.1:10250` of the kubelet.'),
  node: z
    .string()
    .min(1)
    .max(253)
    .optional()
    .describe(
      'Name of this node, such as `${NODE_NAME}` filled from `spec.nodeName`. With it the API is asked for all pods of the node at once, without it for each pod.',
    ),
  token_file: path.default(`${account}/token`).describe('File of the token that is shown. Read again for each question.'),
  ca_file: path.default(`${account}/ca.crt`).describe('File of the certificates that its certificate is checked with.'),
  verify_tls: z
    .boolean()
    .default(true)
    .describe(
      'Whether its certificate is checked. Kubelets often have one that nobody can check; the token is shown to whoever answers then.',
    ),
  wait: durationBetween({ min: '0s', max: '5m' })
    .prefault('5s')
    .describe('How long a new log waits for its labels. After that it is shipped without them.'),
});

export const kubernetesInputOptions = z.strictObject({
  kind: z.literal('kubernetes'),
  ...commonInputFields,
  root: path.optional().describe('Folder of the logs. Without it: `/var/log/pods`, or `/var/log/containers` for that layout.'),
  layout: z
    .enum(['pods', 'containers'])
    .default('pods')
    .describe('`pods`: folders of pods, with rotated files. `containers`: the links to their newest files.'),
  include: selection
    .prefault({})
    .describe('Only containers that fit one glob of each list that is given (`*` any text, `?` any character).'),
  exclude: selection.prefault({}).describe('Containers that fit one of these globs are not read, included or not.'),
  type_label: z
    .string()
    .min(1)
    .max(256)
    .default('tributary.type')
    .describe('Pods with this annotation or label have its value as log type of their containers.'),
  pod_labels: globs.default(['*']).describe('Names of labels that are kept as `kubernetes.labels.…`, with `_` for each dot.'),
  pod_annotations: globs.describe('Names of annotations that are kept as `kubernetes.annotations.…`.'),
  cluster: z.string().min(1).max(256).optional().describe('Name of the cluster, kept as `orchestrator.cluster.name`.'),
  metadata: metadata
    .prefault({})
    .describe('Where labels, annotations and owners of pods come from. Nothing waits for them for long.'),
  ...containerLogFields,
});

/** As the kubernetes input takes them; `kind` has done its work by then. */
export type KubernetesInputOptions = Omit<z.output<typeof kubernetesInputOptions>, 'kind'>;
export type MetadataOptions = KubernetesInputOptions['metadata'];

function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname));
}
