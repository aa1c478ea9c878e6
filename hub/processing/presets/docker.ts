export const docker = String.raw`
description: Logs of containers as Docker's json-file driver writes them. What the container wrote becomes the message.

fields:
  stream: keyword
  docker.attrs: flattened
  docker.partial: boolean

steps:
  # {"log":"it is done\n","stream":"stdout","time":"2026-11-22T04:05:06.789012345Z"}
  - docker: {}
  # The agent's docker input labels streams with the container's name, image and id. Of files read otherwise only the path tells the id.
  - name: container
    when: '!("container.id" in record.labels) && record.source.matches("/containers/[0-9a-f]{64}/")'
    set:
      fields: { container.runtime: docker }
      values: { container.id: 'record.source.substring(record.source.indexOf("/containers/") + 12, record.source.indexOf("/containers/") + 76)' }
  - set:
      fields:
        event.kind: event
        event.module: docker
        event.dataset: docker.container_logs
  # What your programs write is theirs. To read it too, write a file of your own that begins with this preset:
  #   steps:
  #     - preset: docker
  #     - when: message.startsWith("{")
  #       json: { to: app }
`;
