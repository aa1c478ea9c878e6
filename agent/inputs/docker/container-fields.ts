/** A container in the field names of ECS. */
import { parseImage } from '../containers/image-name.ts';
import { type Labels, prefixed } from '../containers/stream-labels.ts';
import type { ContainerConfig } from './container-config.ts';

/** In the order of what matters most. */
export function containerFields(id: string, { name, image, labels }: ContainerConfig): readonly Labels[] {
  const { name: imageName, tag, digest } = parseImage(image);
  return [
    { 'container.id': id, 'container.name': name, 'container.runtime': 'docker' },
    { 'container.image.name': imageName, 'container.image.tag': tag },
    swarmFields(labels),
    composeFields(labels),
    { 'container.image.hash.all': digest },
  ];
}

/** The node has no field of its own in ECS: it stays a label, and is never left out for others. */
function swarmFields(labels: Labels): Labels {
  const service = labels['com.docker.swarm.service.name'] ?? '';
  const task = labels['com.docker.swarm.task.name'] ?? '';
  const taskId = labels['com.docker.swarm.task.id'] ?? '';
  if (service === '' && taskId === '') return {};
  return {
    'orchestrator.type': 'swarm',
    'orchestrator.namespace': labels['com.docker.stack.namespace'] ?? '',
    'orchestrator.resource.type': 'task',
    'orchestrator.resource.name': task,
    'orchestrator.resource.id': taskId,
    'orchestrator.resource.parent.type': 'service',
    'service.name': service,
    'service.id': labels['com.docker.swarm.service.id'] ?? '',
    'service.node.name': task,
    ...prefixed('container.labels', { 'com.docker.swarm.node.id': labels['com.docker.swarm.node.id'] ?? '' }),
  };
}

function composeFields(labels: Labels): Labels {
  const project = labels['com.docker.compose.project'] ?? '';
  const service = labels['com.docker.compose.service'] ?? '';
  if (project === '' && service === '') return {};
  const number = labels['com.docker.compose.container-number'] ?? '';
  return {
    'orchestrator.type': 'compose',
    'orchestrator.namespace': project,
    'service.name': service,
    'service.node.name': service === '' || number === '' ? '' : `${service}-${number}`,
  };
}
