import type { PresetSample } from './preset-sample.ts';

/** Examples of Red Hat's documentation (Understanding Audit Log Files), and records of programs. */
export const auditdSamples: readonly PresetSample[] = [
  {
    line: 'type=SYSCALL msg=audit(1364481363.243:24287): arch=c000003e syscall=2 success=no exit=-13 a0=7fffd19c5592 a1=0 a2=7fffd19c4b50 a3=a items=1 ppid=2686 pid=3538 auid=1000 uid=1000 gid=1000 euid=1000 suid=1000 fsuid=1000 egid=1000 sgid=1000 fsgid=1000 tty=pts0 ses=1 comm="cat" exe="/bin/cat" subj=unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023 key="sshd_config"',
    time: '2013-03-28T14:36:03.243Z',
    document: {
      auditd: {
        log: {
          sequence: 24_287,
          arch: 'c000003e',
          syscall: '2',
          exit: '-13',
          a0: '7fffd19c5592',
          a1: '0',
          a2: '7fffd19c4b50',
          a3: 'a',
          items: '1',
          auid: '1000',
          suid: '1000',
          fsuid: '1000',
          egid: '1000',
          sgid: '1000',
          fsgid: '1000',
          tty: 'pts0',
          ses: '1',
          subj: 'unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023',
          key: 'sshd_config',
        },
      },
      process: { parent: { pid: 2686 }, pid: 3538, name: 'cat', executable: '/bin/cat' },
      user: { group: { id: '1000' }, effective: { id: '1000' }, id: '1000' },
      event: {
        kind: 'event',
        module: 'auditd',
        dataset: 'auditd.log',
        action: 'syscall',
        outcome: 'failure',
        category: ['process'],
        type: ['info'],
      },
    },
  },
  {
    line: 'type=CWD msg=audit(1364481363.243:24287):  cwd="/srv/shadowman"',
    time: '2013-03-28T14:36:03.243Z',
    document: {
      auditd: { log: { sequence: 24_287 } },
      process: { working_directory: '/srv/shadowman' },
      event: { kind: 'event', module: 'auditd', dataset: 'auditd.log', action: 'cwd' },
    },
  },
  {
    line: 'type=PATH msg=audit(1364481363.243:24287): item=0 name="/etc/ssh/sshd_config" inode=409248 dev=fd:00 mode=0100600 ouid=0 ogid=0 rdev=00:00 obj=system_u:object_r:etc_t:s0  objtype=NORMAL cap_fp=none',
    time: '2013-03-28T14:36:03.243Z',
    document: {
      auditd: {
        log: {
          sequence: 24_287,
          item: '0',
          dev: 'fd:00',
          mode: '0100600',
          rdev: '00:00',
          obj: 'system_u:object_r:etc_t:s0',
          objtype: 'NORMAL',
          cap_fp: 'none',
        },
      },
      file: { path: '/etc/ssh/sshd_config', inode: '409248', uid: '0', gid: '0' },
      event: { kind: 'event', module: 'auditd', dataset: 'auditd.log', action: 'path' },
    },
  },
  {
    line: 'type=PROCTITLE msg=audit(1364481363.243:24287) : proctitle=636174002F6574632F7373682F737368645F636F6E666967',
    time: '2013-03-28T14:36:03.243Z',
    document: {
      auditd: { log: { sequence: 24_287, proctitle: '636174002F6574632F7373682F737368645F636F6E666967' } },
      event: {
        kind: 'event',
        module: 'auditd',
        dataset: 'auditd.log',
        action: 'proctitle',
        category: ['process'],
        type: ['info'],
      },
    },
  },
  {
    line: 'type=USER_AUTH msg=audit(1364475353.159:24270): pid=3280 uid=500 auid=500 ses=1 subj=unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023 msg=\'op=PAM:authentication acct="root" exe="/bin/su" hostname=? addr=? terminal=pts/0 res=failed\'',
    time: '2013-03-28T12:55:53.159Z',
    document: {
      auditd: {
        log: {
          sequence: 24_270,
          auid: '500',
          ses: '1',
          subj: 'unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023',
          op: 'PAM:authentication',
          terminal: 'pts/0',
        },
      },
      process: { pid: 3280, executable: '/bin/su', real_user: { id: '500' } },
      user: { name: 'root' },
      event: {
        kind: 'event',
        module: 'auditd',
        dataset: 'auditd.log',
        action: 'user_auth',
        outcome: 'failure',
        category: ['authentication'],
        type: ['info'],
      },
    },
  },
  {
    line: 'type=USER_LOGIN msg=audit(1489636960.072:19623): pid=28281 uid=0 auid=700 ses=6793 msg=\'op=login id=700 exe="/usr/sbin/sshd" hostname=96.127.181.168 addr=96.127.181.168 terminal=/dev/pts/0 res=success\'\u001dUID="root" AUID="alice" ID="alice"',
    time: '2017-03-16T04:02:40.072Z',
    document: {
      auditd: { log: { sequence: 19_623, auid: '700', ses: '6793', op: 'login', terminal: '/dev/pts/0', AUID: 'alice' } },
      process: { pid: 28_281, executable: '/usr/sbin/sshd', real_user: { id: '0' } },
      source: { domain: '96.127.181.168', address: '96.127.181.168', ip: '96.127.181.168' },
      user: { id: '700', name: 'alice' },
      event: {
        kind: 'event',
        module: 'auditd',
        dataset: 'auditd.log',
        action: 'user_login',
        outcome: 'success',
        category: ['authentication'],
        type: ['info'],
      },
    },
  },
  {
    line: 'node=web-1 type=ADD_USER msg=audit(1489636960.072:19624): pid=1 uid=0 auid=700 ses=1 msg=\'op=add-user acct="bob" exe="/usr/sbin/useradd" hostname=web-1 addr=? terminal=pts/1 res=success\'',
    time: '2017-03-16T04:02:40.072Z',
    document: {
      auditd: { log: { node: 'web-1', sequence: 19_624, auid: '700', ses: '1', op: 'add-user', terminal: 'pts/1' } },
      process: { pid: 1, executable: '/usr/sbin/useradd', real_user: { id: '0' } },
      user: { name: 'bob' },
      source: { domain: 'web-1' },
      event: {
        kind: 'event',
        module: 'auditd',
        dataset: 'auditd.log',
        action: 'add_user',
        outcome: 'success',
        category: ['iam'],
        type: ['user', 'creation'],
      },
    },
  },
  {
    line: 'type=CONFIG_CHANGE msg=audit(1489636960.072:19625): auid=700 ses=1 op=add_rule key="x" list=4 res=1',
    time: '2017-03-16T04:02:40.072Z',
    document: {
      auditd: { log: { sequence: 19_625, auid: '700', ses: '1', op: 'add_rule', key: 'x', list: '4' } },
      event: {
        kind: 'event',
        module: 'auditd',
        dataset: 'auditd.log',
        action: 'config_change',
        outcome: 'success',
        category: ['configuration'],
        type: ['change'],
      },
    },
  },
  {
    line: 'type=USER_END msg=audit(1489636960.072:19626): pid=1 uid=0 auid=700 ses=1 msg=\'op=PAM:session_close grantors=pam_unix acct="alice" exe="/usr/sbin/sshd" hostname=192.0.2.7 addr=192.0.2.7 terminal=ssh res=success\'',
    time: '2017-03-16T04:02:40.072Z',
    document: {
      auditd: {
        log: { sequence: 19_626, auid: '700', ses: '1', op: 'PAM:session_close', grantors: 'pam_unix', terminal: 'ssh' },
      },
      process: { pid: 1, executable: '/usr/sbin/sshd', real_user: { id: '0' } },
      user: { name: 'alice' },
      source: { domain: '192.0.2.7', address: '192.0.2.7', ip: '192.0.2.7' },
      event: {
        kind: 'event',
        module: 'auditd',
        dataset: 'auditd.log',
        action: 'user_end',
        outcome: 'success',
        category: ['session'],
        type: ['end'],
      },
    },
  },
  {
    line: 'it is no record',
    type: 'errors',
    document: {
      error: { message: 'the pattern does not fit', type: 'no_match' },
      tributary: { pipeline: { name: 'auditd', step: 'record' } },
    },
  },
];
