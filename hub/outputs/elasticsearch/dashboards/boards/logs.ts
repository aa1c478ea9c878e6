/** Logs of all types, and of each one. */
import { by, type Board, type Chart, count, numbers, rate, valueOf } from '../chart.ts';
import { has, is } from '../condition.ts';

const host = by('host.name', 'Machine', 20);
const level = by('log.level', 'Level');

export const logs: Board = {
  name: 'logs',
  title: 'Logs',
  description: 'What arrives of all log types: how much, from where, of which level, and what pipelines could not read.',
  view: 'logs',
  choices: [
    { field: 'data_stream.dataset', label: 'Log type' },
    { field: 'data_stream.namespace', label: 'Tenant' },
    { field: 'host.name', label: 'Machine' },
    { field: 'log.level', label: 'Level' },
  ],
  charts: [
    ...numbers(
      ['documents', count('Documents')],
      ['types', valueOf('unique_count', 'data_stream.dataset', 'Log types')],
      ['hosts', valueOf('unique_count', 'host.name', 'Machines')],
      ['failed', count('Not read by their pipelines'), has('tributary.pipeline.step')],
    ),
    {
      name: 'by-type',
      title: 'Documents by log type',
      shape: 'bars',
      values: [rate('Documents a second')],
      by: [by('data_stream.dataset', 'Log type')],
      width: 32,
      height: 14,
    },
    {
      name: 'levels',
      title: 'Levels',
      shape: 'ring',
      values: [count('Documents')],
      by: [level],
      width: 16,
      height: 14,
    },
    {
      name: 'types-table',
      title: 'Log types',
      shape: 'table',
      values: [
        count('Documents'),
        valueOf('unique_count', 'host.name', 'Machines'),
        valueOf('unique_count', 'log.file.path', 'Files'),
        count('Not read', has('tributary.pipeline.step')),
      ],
      by: [by('data_stream.dataset', 'Log type', 50), by('data_stream.namespace', 'Tenant', 20)],
      width: 24,
      height: 14,
    },
    {
      name: 'hosts-table',
      title: 'Machines',
      shape: 'table',
      values: [count('Documents'), valueOf('unique_count', 'data_stream.dataset', 'Log types')],
      by: [host],
      width: 24,
      height: 14,
    },
    {
      name: 'not-read',
      title: 'What pipelines could not read, by step',
      shape: 'table',
      only: has('tributary.pipeline.step'),
      values: [count('Documents')],
      by: [
        by('tributary.pipeline.name', 'Pipeline', 20),
        by('tributary.pipeline.step', 'Step', 20),
        by('error.type', 'Error', 20),
      ],
      width: 24,
      height: 12,
    },
    {
      name: 'levels-over-time',
      title: 'Levels over time',
      shape: 'area',
      values: [count('Documents')],
      by: [level],
      width: 24,
      height: 12,
    },
  ],
  listing: {
    name: 'documents',
    title: 'Documents',
    columns: ['data_stream.dataset', 'host.name', 'log.level', 'message'],
  },
};

const ofType: readonly Chart[] = [
  ...numbers(
    ['documents', count('Documents')],
    ['hosts', valueOf('unique_count', 'host.name', 'Machines')],
    ['files', valueOf('unique_count', 'log.file.path', 'Files')],
  ),
  {
    name: 'by-level',
    title: 'Documents by level',
    shape: 'bars',
    values: [rate('Documents a second')],
    by: [level],
    width: 48,
    height: 12,
  },
  {
    name: 'by-host',
    title: 'Documents by machine',
    shape: 'line',
    values: [rate('Documents a second')],
    by: [by('host.name', 'Machine', 10)],
    width: 24,
    height: 12,
  },
  {
    name: 'files-table',
    title: 'Files',
    shape: 'table',
    values: [count('Documents')],
    by: [host, by('log.file.path', 'File', 20)],
    width: 24,
    height: 12,
  },
];

/** What is known of any log type. */
export function boardOfType(type: string): Board {
  return {
    name: `type-${type}`,
    title: `Logs: ${type}`,
    description: `What arrives of the log type ${type}.`,
    view: `type-${type}`,
    choices: [
      { field: 'data_stream.namespace', label: 'Tenant' },
      { field: 'host.name', label: 'Machine' },
      { field: 'log.level', label: 'Level' },
    ],
    charts: ofType,
    listing: { name: 'documents', title: `Documents: ${type}`, columns: ['host.name', 'log.level', 'message'] },
  };
}

/** Logs of containers, as docker and Kubernetes write them. */
export const containers: Board = {
  name: 'containers',
  title: 'Logs of containers',
  description: 'What containers write, by namespace, pod, container and stream (the presets docker and kubernetes).',
  view: 'logs',
  only: is('event.module', 'docker', 'kubernetes'),
  choices: [
    { field: 'kubernetes.namespace', label: 'Namespace' },
    { field: 'kubernetes.pod.name', label: 'Pod' },
    { field: 'container.name', label: 'Container' },
    { field: 'host.name', label: 'Machine' },
  ],
  charts: [
    {
      name: 'by-stream',
      title: 'Documents by stream',
      shape: 'bars',
      values: [rate('Documents a second')],
      by: [by('stream', 'Stream')],
      width: 24,
      height: 12,
    },
    {
      name: 'by-namespace',
      title: 'Documents by namespace',
      shape: 'bars',
      values: [rate('Documents a second')],
      by: [by('kubernetes.namespace', 'Namespace')],
      width: 24,
      height: 12,
    },
    {
      name: 'pods',
      title: 'Pods',
      shape: 'table',
      values: [count('Documents'), count('On stderr', is('stream', 'stderr'))],
      by: [
        by('kubernetes.namespace', 'Namespace', 20),
        by('kubernetes.pod.name', 'Pod', 20),
        by('kubernetes.container.name', 'Container', 10),
      ],
      width: 48,
      height: 14,
    },
  ],
  listing: { name: 'documents', title: 'Documents of containers', columns: ['kubernetes.pod.name', 'stream', 'message'] },
};
