import type { PresetSample } from './preset-sample.ts';

/** Of the forms that CRI's design of container logs and Kubernetes' documentation of system logs give. */
export const kubernetesSamples: readonly PresetSample[] = [
  {
    line: '2026-11-22T04:05:06.789012345Z stdout F it is done',
    path: '/var/log/pods/shop_web-7d4b9_0b6c1e2f-1a2b-4c3d-8e9f-001122334455/nginx/0.log',
    time: '2026-11-22T04:05:06.789Z',
    document: {
      message: 'it is done',
      stream: 'stdout',
      kubernetes: {
        namespace: 'shop',
        pod: { name: 'web-7d4b9', uid: '0b6c1e2f-1a2b-4c3d-8e9f-001122334455' },
        container: { name: 'nginx' },
      },
      event: { kind: 'event', module: 'kubernetes', dataset: 'kubernetes.container_logs' },
    },
  },
  {
    line: '2026-11-22T04:05:06.789012345Z stderr F E1122 04:05:06.789012       1 controller.go:114] "it is broken" err="no disk"',
    path: '/var/log/containers/web-7d4b9_shop_nginx-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.log',
    time: '2026-11-22T04:05:06.789Z',
    document: {
      message: '"it is broken" err="no disk"',
      stream: 'stderr',
      kubernetes: { pod: { name: 'web-7d4b9' }, namespace: 'shop', container: { name: 'nginx' } },
      container: { id: '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef' },
      event: { kind: 'event', module: 'kubernetes', dataset: 'kubernetes.container_logs' },
      process: { thread: { id: 1 } },
      log: { origin: { file: { name: 'controller.go', line: 114 } }, level: 'error' },
    },
  },
  {
    line: '2026-11-22T04:05:06.789012345Z stderr P a part',
    labels: { 'kubernetes.pod.name': 'web-7d4b9' },
    time: '2026-11-22T04:05:06.789Z',
    document: {
      message: 'a part',
      stream: 'stderr',
      docker: { partial: true },
      event: { kind: 'event', module: 'kubernetes', dataset: 'kubernetes.container_logs' },
    },
  },
  {
    line: '{"log":"by Docker\\n","stream":"stdout","attrs":{"shop":"eu"},"time":"2026-11-22T04:05:06.789012345Z"}',
    time: '2026-11-22T04:05:06.789Z',
    document: {
      message: 'by Docker',
      stream: 'stdout',
      docker: { attrs: { shop: 'eu' } },
      event: { kind: 'event', module: 'kubernetes', dataset: 'kubernetes.container_logs' },
    },
  },
  {
    line: 'it is no line of the engine',
    type: 'errors',
    document: {
      error: { message: "it is a line neither of Docker's json-file nor of CRI", type: 'no_match' },
      tributary: { pipeline: { name: 'kubernetes', step: 'docker' } },
    },
  },
];
