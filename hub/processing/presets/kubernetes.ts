export const kubernetes = String.raw`
description: Logs of Kubernetes' containers, as containerd and CRI-O (CRI) or Docker write them. What the container wrote becomes the message.

fields:
  stream: keyword
  docker.attrs: flattened
  docker.partial: boolean
  kubernetes.namespace: keyword
  kubernetes.pod.name: keyword
  kubernetes.pod.uid: keyword
  kubernetes.container.name: keyword

steps:
  # 2026-11-22T04:05:06.789012345Z stdout F it is done
  - docker: {}
  # The agent's kubernetes input labels streams with pod, container and owner. Of files read otherwise the path tells the most of it:
  # /var/log/pods/NAMESPACE_POD_UID/CONTAINER/0.log   /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log
  - name: path
    when: '!("kubernetes.pod.name" in record.labels)'
    set: { fields: { found.path: '{{ record.source }}' } }
  - name: names of the path
    when: has(fields.found)
    regex:
      from: found.path
      pattern:
        - '/pods/(?<namespace>[^/_]+)_(?<pod>[^/_]+)_(?<uid>[^/_]+)/(?<container>[^/]+)/[^/]+$'
        - '/containers/(?<pod>[^/_]+)_(?<namespace>[^/_]+)_(?<container>[^/_]+)-(?<id>[0-9a-f]{64})\.log$'
        - '(?<none>)'
      fields:
        namespace: kubernetes.namespace
        pod: kubernetes.pod.name
        uid: kubernetes.pod.uid
        container: kubernetes.container.name
        id: container.id
  - remove: { fields: [found] }
  - set:
      fields:
        event.kind: event
        event.module: kubernetes
        event.dataset: kubernetes.container_logs

  # Kubernetes' own components write with klog: I1122 04:05:06.789012       1 controller.go:114] it is done
  # The time is the engine's, which has the year and the zone, too.
  - name: klog
    when: message.matches("^[IWEF][0-9]{4} [0-9:]{8}\\.[0-9]+ +[0-9]+ [^ :]+:[0-9]+\\] ")
    regex:
      pattern: '^(?<level>[IWEF])[0-9]{4} [0-9:.]+ +(?<thread>[0-9]+) (?<file>[^ :]+):(?<line>[0-9]+)\] (?<message>[\s\S]*)$'
      fields:
        level: found.level
        thread: process.thread.id:int
        file: log.origin.file.name
        line: log.origin.file.line:int
  - name: klog level
    when: has(fields.found)
    set:
      values:
        log.level: 'fields.found.level == "I" ? "info" : fields.found.level == "W" ? "warning" : fields.found.level == "E" ? "error" : "fatal"'
  - remove: { fields: [found] }
  # What your programs write is theirs. To read it too, write a file of your own that begins with this preset, and goes on with what
  # they write, such as - when: message.startsWith("{") and json: { to: app }.
`;
