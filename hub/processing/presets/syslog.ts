export const syslog = String.raw`
description: Syslog of RFC 3164 and RFC 5424, as daemons write it to files and as it comes over the network.

steps:
  # <34>Oct 11 22:14:15 mymachine su[17]: 'su root' failed for lonvick on /dev/pts/8
  # A line of RFC 3164 names neither year nor zone: it has the year in which it was received, and UTC unless told where the preset is
  # used: timezone: Europe/Vienna beside preset.
  - syslog: {}
  # log.level, log.syslog.*, process.name and process.pid are there by now, and the text is the message.
  - set:
      fields:
        event.kind: event
        event.module: system
        event.dataset: system.syslog
        event.severity: '{{ log.syslog.severity.code }}'
`;
