export const auth = String.raw`
description: Who logs in and who becomes whom, as sshd, sudo, su, PAM, systemd-logind and the tools for accounts tell (auth.log, secure).

fields:
  system.auth.ssh.event: keyword
  system.auth.ssh.method: keyword
  system.auth.ssh.signature: keyword
  system.auth.pam.module: keyword
  system.auth.pam.service: keyword
  system.auth.sudo.command: keyword
  system.auth.sudo.error: keyword
  system.auth.sudo.pwd: keyword
  system.auth.sudo.tty: keyword
  system.auth.su.tty: keyword
  system.auth.useradd.home: keyword
  system.auth.useradd.shell: keyword

steps:
  # A line that names neither year nor zone has the year in which it was received, and UTC unless told where the preset is used:
  # timezone: Europe/Vienna beside preset.
  - syslog: {}
  - set:
      fields:
        event.kind: event
        event.module: system
        event.dataset: system.auth

  # The last pattern of each list fits everything and sets nothing: what says nothing of anybody's rights is a message as any other.
  # Since OpenSSH 9.8 its sessions are sshd-session, and since 10.0 those without a login sshd-auth.
  - name: sshd
    when: process.name in ["sshd", "sshd-session", "sshd-auth"] && !message.startsWith("pam_")
    regex:
      pattern:
        - '^(?<event>Accepted|Failed) (?<method>\S+) for (?:invalid user )?(?<user>.*) from (?<ip>[0-9a-fA-F.:]+) port (?<port>[0-9]+)(?: ssh2?)?(?:: (?<signature>.*))?$'
        - '^(?<event>Invalid|Illegal) user (?<user>.*) from (?<ip>[0-9a-fA-F.:]+)(?: port (?<port>[0-9]+))?$'
        - '^(?:Connection (?:closed|reset) by|Disconnected from|Disconnecting|Received disconnect from|error: maximum authentication attempts exceeded for)(?: (?:authenticating |invalid )?user (?<user>.*?))?(?: from)? (?<ip>[0-9a-fA-F.:]*[.:][0-9a-fA-F.:]*?) port (?<port>[0-9]+)(?:[: ].*)?$'
        - '^(?:Did not receive identification string|Bad protocol version identification .*) from (?<ip>[0-9a-fA-F.:]+) port (?<port>[0-9]+)'
        - '(?<none>)'
      fields:
        event: system.auth.ssh.event
        method: system.auth.ssh.method
        signature: system.auth.ssh.signature
        user: user.name
        ip: source.ip:ip
        port: source.port:int
  - name: ssh login
    when: has(system.auth.ssh.event)
    set:
      fields:
        event.action: ssh_login
        event.type: [info]
      values:
        event.category: 'system.auth.ssh.event == "Accepted" ? ["authentication", "session"] : ["authentication"]'
        event.outcome: 'system.auth.ssh.event == "Accepted" ? "success" : "failure"'

  # pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7  user=root
  # pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)
  - name: pam
    when: message.startsWith("pam_")
    regex:
      pattern:
        - '^(?<module>pam_[a-z0-9_]+)\((?<service>[^:)]+):(?<kind>session)\): session (?<event>opened|closed) for user (?<user>[^ (]+)(?:\(uid=(?<uid>[0-9]+)\))?'
        - '^(?<module>pam_[a-z0-9_]+)\((?<service>[^:)]+):(?<kind>auth)\): (?<event>authentication failure);.*? rhost=(?:(?<ip>[0-9.]+|[0-9a-fA-F]*:[0-9a-fA-F:.]*)|(?<host>\S*))(?:\s+user=(?<user>\S+))?'
        - '^(?<module>pam_[a-z0-9_]+)\((?<service>[^:)]+):(?<kind>chauthtok)\): (?<event>password changed) for (?<user>\S+)'
        - '^(?<module>pam_[a-z0-9_]+)\((?<service>[^:)]+):(?<kind>[a-z]+)\): (?:check pass; user unknown|[\s\S]*)$'
        - '(?<none>)'
      fields:
        module: system.auth.pam.module
        service: system.auth.pam.service
        kind: found.kind
        event: found.event
        user: user.name
        uid: user.id
        ip: source.ip:ip
        host: source.domain
  - name: pam event
    when: has(fields.found.event)
    set:
      values:
        event.action: 'fields.found.event == "opened" ? "session_opened" : fields.found.event == "closed" ? "session_closed" : fields.found.event == "password changed" ? "password_changed" : "authentication_failure"'
        event.category: 'fields.found.kind == "session" ? ["session"] : fields.found.kind == "chauthtok" ? ["iam"] : ["authentication"]'
        event.type: 'fields.found.event == "opened" ? ["start"] : fields.found.event == "closed" ? ["end"] : fields.found.event == "password changed" ? ["user", "change"] : ["info"]'
        event.outcome: 'fields.found.kind == "auth" ? "failure" : "success"'

  # alice : TTY=pts/0 ; PWD=/srv/alice ; USER=root ; COMMAND=/usr/bin/apt update
  # alice : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/srv/alice ; USER=root ; COMMAND=/bin/bash
  - name: sudo
    when: process.name == "sudo" && message.contains("COMMAND=")
    regex:
      pattern: '^\s*(?<user>\S+) : (?:(?<error>[^;=]+) ; )?TTY=(?<tty>[^;]*) ; PWD=(?<pwd>.*?) ; USER=(?<target>[^;]*) ;.* COMMAND=(?<command>[\s\S]*)$'
      fields:
        user: user.name
        target: user.effective.name
        error: system.auth.sudo.error
        tty: system.auth.sudo.tty
        pwd: system.auth.sudo.pwd
        command: system.auth.sudo.command
  - name: sudo event
    when: has(system.auth.sudo)
    set:
      fields:
        event.action: sudo
        event.category: [process]
        event.type: [start]
      values:
        event.outcome: 'has(system.auth.sudo.error) ? "failure" : "success"'

  # (to root) alice on pts/0   FAILED SU (to root) alice on pts/0   Successful su for root by alice
  - name: su
    when: process.name == "su" && !message.startsWith("pam_")
    regex:
      pattern:
        - '^(?<failed>FAILED SU )?\(to (?<target>[^)]+)\) (?<user>\S+) on (?<tty>\S+)$'
        - '^(?:Successful|(?<failed>FAILED)) su for (?<target>\S+) by (?<user>\S+)$'
        - '(?<none>)'
      fields:
        failed: found.failed
        user: user.name
        target: user.effective.name
        tty: system.auth.su.tty
  - name: su event
    when: process.name == "su" && has(user.effective.name)
    set:
      fields:
        event.action: su
        event.category: [authentication]
        event.type: [info]
      values:
        event.outcome: 'has(fields.found.failed) ? "failure" : "success"'

  # new user: name=bob, UID=1001, GID=1001, home=/srv/bob, shell=/bin/bash, from=/dev/pts/0
  - name: accounts
    when: process.name in ["useradd", "userdel", "usermod", "groupadd", "groupdel"]
    regex:
      pattern:
        - '^new (?<kind>user): name=(?<user>[^,]+), UID=(?<uid>[0-9]+), GID=(?<gid>[0-9]+), home=(?<home>[^,]*), shell=(?<shell>[^,]*)'
        - '^new (?<kind>group): name=(?<group>[^,]+), GID=(?<gid>[0-9]+)'
        - '^delete (?<deleted>user) ''(?<user>[^'']+)'''
        - '^(?:group ''(?<group>[^'']+)'' removed|removed (?<deleted>group) ''(?<other_group>[^'']+)'')'
        - '^add ''(?<user>[^'']+)'' to group ''(?<group>[^'']+)'''
        - '^change user ''(?<user>[^'']+)'''
        - '(?<none>)'
      fields:
        kind: found.created
        deleted: found.deleted
        user: user.name
        uid: user.id
        gid: group.id
        group: group.name
        other_group: group.name
        home: system.auth.useradd.home
        shell: system.auth.useradd.shell
  - name: accounts event
    when: process.name in ["useradd", "userdel", "usermod", "groupadd", "groupdel"] && (has(user.name) || has(group.name))
    set:
      fields:
        event.category: [iam]
        event.outcome: success
      values:
        event.action: '(has(user.name) ? "user" : "group") + (has(fields.found.created) ? "-created" : has(fields.found.deleted) || !has(user.name) ? "-deleted" : "-changed")'
        event.type: '[has(user.name) ? "user" : "group", has(fields.found.created) ? "creation" : has(fields.found.deleted) || !has(user.name) ? "deletion" : "change"]'

  # New session 12 of user alice.   Removed session 12.
  - name: logind
    when: process.name == "systemd-logind"
    regex:
      pattern:
        - '^(?<event>New) session (?<session>\S+) of user (?<user>.+)\.$'
        - '^(?<event>Removed) session (?<session>\S+)\.$'
        - '(?<none>)'
      fields: { event: found.logind, session: found.session, user: user.name }
  - name: logind event
    when: has(fields.found.logind)
    set:
      fields: { event.category: [session], event.outcome: success }
      values:
        event.action: 'fields.found.logind == "New" ? "session_opened" : "session_closed"'
        event.type: 'fields.found.logind == "New" ? ["start"] : ["end"]'

  - name: address
    when: has(source.ip)
    set: { fields: { source.address: '{{ source.ip }}' } }
  - remove: { fields: [found] }
`;
