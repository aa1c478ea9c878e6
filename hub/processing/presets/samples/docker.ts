import type { PresetSample } from './preset-sample.ts';

/** As Docker's documentation of the json-file driver has them. */
export const dockerSamples: readonly PresetSample[] = [
  {
    line: '{"log":"it is done\\n","stream":"stdout","time":"2026-11-22T04:05:06.789012345Z"}',
    path: '/var/lib/docker/containers/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef-json.log',
    time: '2026-11-22T04:05:06.789Z',
    document: {
      message: 'it is done',
      stream: 'stdout',
      container: { runtime: 'docker', id: '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef' },
      event: { kind: 'event', module: 'docker', dataset: 'docker.container_logs' },
    },
  },
  {
    line: '{"log":"a part","stream":"stderr","attrs":{"shop":"eu"},"time":"2026-11-22T04:05:06.789012345Z"}',
    labels: { 'container.id': '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef' },
    time: '2026-11-22T04:05:06.789Z',
    document: {
      message: 'a part',
      stream: 'stderr',
      docker: { attrs: { shop: 'eu' }, partial: true },
      event: { kind: 'event', module: 'docker', dataset: 'docker.container_logs' },
    },
  },
  {
    line: 'it is no line of the engine',
    type: 'errors',
    document: {
      error: { message: "it is a line neither of Docker's json-file nor of CRI", type: 'no_match' },
      tributary: { pipeline: { name: 'docker', step: 'docker' } },
    },
  },
];
