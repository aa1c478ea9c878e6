export const haproxy = String.raw`
description: HAProxy's log (httplog, httpslog, tcplog, errors of connections, states of servers), with or without what syslog puts before it.

fields:
  haproxy.level: keyword
  haproxy.gateway: keyword
  haproxy.frontend_name: keyword
  haproxy.backend_name: keyword
  haproxy.server_name: keyword
  haproxy.server_state: keyword
  haproxy.proxy_name: keyword
  haproxy.bind_name: keyword
  haproxy.mode: keyword
  haproxy.error_message: keyword
  haproxy.termination_state: keyword
  haproxy.bytes_read: long
  haproxy.server_queue: long
  haproxy.backend_queue: long
  haproxy.time_queue: long
  haproxy.time_backend_connect: long
  haproxy.incomplete: boolean
  haproxy.redispatched: boolean
  haproxy.connections.active: long
  haproxy.connections.frontend: long
  haproxy.connections.backend: long
  haproxy.connections.server: long
  haproxy.connections.retries: long
  haproxy.http.request.captured_cookie: keyword
  haproxy.http.request.captured_headers: keyword[]
  haproxy.http.request.raw_request_line: keyword
  haproxy.http.request.time_wait_ms: long
  haproxy.http.request.time_wait_without_data_ms: long
  haproxy.http.response.captured_cookie: keyword
  haproxy.http.response.captured_headers: keyword[]

steps:
  # 192.0.2.7:33317 [22/Nov/2026:04:05:06.123] edge_gw1_shop edge_gw1_shop/web-1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 "GET / HTTP/1.1"
  # Has your configuration a log-format? Copy this file, and give the step the format as HAProxy has it: haproxy: { format: '…' }.
  # Its times name no zone. They are UTC unless told where the preset is used: timezone: Europe/Vienna beside preset.
  # What HAProxy tells of its servers and proxies becomes the message: Server edge_gw1_shop/web-1 is DOWN, reason: …
  - haproxy: {}
  - name: state of a server
    when: '!has(haproxy.frontend_name) && message.matches("^(?:Backup )?Server [^ ]+ is (?:UP|DOWN)")'
    regex: { pattern: ' is (?<state>UP|DOWN)', fields: { state: haproxy.server_state } }

  # Who is meant, by the names of proxies: LEVEL_GATEWAY_SERVICE, such as edge_gw1_shop, also with fe_ or be_ before it. A frontend that
  # chooses among backends has many services: the backend's name holds where both fit. Of a name that does not fit nothing is taken.
  # The instance is the server that answered. Are your names others? Copy this file, and change the two patterns.
  - name: frontend
    when: has(haproxy.frontend_name)
    regex:
      from: haproxy.frontend_name
      pattern: ['^(?:(?:fe|ft)_)?(?<level>[^_]+)_(?<gateway>[^_]+)_(?<service>[^_].*)$', '(?<none>)']
      fields: { level: haproxy.level, gateway: haproxy.gateway, service: service.name }
  - name: backend
    when: has(haproxy.backend_name)
    regex:
      from: haproxy.backend_name
      pattern: ['^(?:(?:be|bk)_)?(?<level>[^_]+)_(?<gateway>[^_]+)_(?<service>[^_].*)$', '(?<none>)']
      fields: { level: haproxy.level, gateway: haproxy.gateway, service: service.name }
  # <NOSRV> and <STATS> are none.
  - name: server
    when: has(haproxy.server_name)
    regex:
      from: haproxy.server_name
      pattern: ['^(?<instance>[^<].*)$', '(?<none>)']
      fields: { instance: service.node.name }

  - name: web event
    when: has(http.response)
    set:
      fields: { event.kind: event, event.module: haproxy, event.dataset: haproxy.log, event.category: [web], event.type: [access] }
      values: { event.outcome: 'http.response.status_code < 400 ? "success" : "failure"' }
  - name: connection event
    when: '!has(http.response) && has(haproxy.frontend_name)'
    set:
      fields: { event.kind: event, event.module: haproxy, event.dataset: haproxy.log, event.category: [network], event.type: [connection] }
  - name: state event
    when: '!has(haproxy.frontend_name)'
    set:
      fields: { event.kind: event, event.module: haproxy, event.dataset: haproxy.log, event.category: [network], event.type: [info] }
`;
