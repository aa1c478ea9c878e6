/** What other programs do, where their documentation or their issues say so; named here once, as several cases have the same. */
import type { OtherBehaviour } from './file-case.ts';

const issues = {
  beats: 'https://github.com/elastic/beats/issues',
  fluentBit: 'https://github.com/fluent/fluent-bit/issues',
  rsyslog: 'https://github.com/rsyslog/rsyslog/issues',
  vector: 'https://github.com/vectordotdev/vector/issues',
  otel: 'https://github.com/open-telemetry/opentelemetry-collector-contrib/issues',
  alloy: 'https://github.com/grafana/alloy/issues',
} as const;
const pages = {
  filestream: 'https://www.elastic.co/docs/reference/beats/filebeat/filebeat-input-filestream',
  filebeatRotation: 'https://www.elastic.co/docs/reference/beats/filebeat/file-log-rotation',
  filebeatRemoved: 'https://www.elastic.co/docs/reference/beats/filebeat/kubernetes-autodiscover',
  tail: 'https://docs.fluentbit.io/manual/pipeline/inputs/tail',
  imfile: 'https://www.rsyslog.com/doc/configuration/modules/imfile.html',
  imfileParameters: 'https://www.rsyslog.com/doc/reference/parameters',
  vectorFile: 'https://vector.dev/docs/reference/configuration/sources/file/',
  filelog: 'https://github.com/open-telemetry/opentelemetry-collector-contrib/blob/main/receiver/filelogreceiver/README.md',
} as const;

export const others = {
  filebeatNoNewline: said('Filebeat', 'a line is not read before its newline is there', `${issues.beats}/22542`),
  vectorNoNewline: said('Vector', 'the last line is not read without a newline', `${issues.vector}/18341`),
  rsyslogEmptyLines: said('rsyslog', 'empty lines are ignored', pages.imfile),
  fluentBitLongLine: said(
    'Fluent Bit',
    'a line beyond Buffer_Max_Size ends the monitoring of its file, unless Skip_Long_Lines is on: then the line is left out',
    pages.tail,
  ),
  vectorLongLine: said('Vector', 'a line beyond max_line_bytes (100 KiB) is discarded', `${pages.vectorFile}#max_line_bytes`),
  otelLongLine: said('OpenTelemetry', 'a line beyond 1 MiB is split', pages.filelog),
  filebeatSmallFiles: said('Filebeat', 'files of less than 1024 bytes are not read by default', pages.filestream),
  vectorSameHead: said(
    'Vector',
    'of files with the same fingerprint only one is read',
    'https://github.com/vectordotdev/vector/discussions/17520',
  ),
  otelSameHead: said('OpenTelemetry', 'reading stops after files with the same first kilobyte', `${issues.otel}/43693`),
  otelManyFiles: said('OpenTelemetry', 'a thousand files cost more than one core', `${issues.otel}/27404`),
  rsyslogManyFiles: said(
    'rsyslog',
    'the first hundred lines of one of a thousand files were lost at a rotation',
    `${issues.rsyslog}/3758`,
  ),
  fluentBitRotateWait: said(
    'Fluent Bit',
    'a rotated file is given up after Rotate_Wait (5 s), with bytes in it that were not read and without a warning',
    `${issues.fluentBit}/10414`,
  ),
  fluentBitRotatedRead: said('Fluent Bit', 'the path must not match rotated files: they are read again', pages.tail),
  fluentBitHalfLine: said('Fluent Bit', 'after a rotation reading began in the middle of a line', `${issues.fluentBit}/5382`),
  filebeatHalfLine: said('Filebeat', 'a line is split when its file is rotated while it is written', `${issues.beats}/2771`),
  filebeatRenamed: said(
    'Filebeat',
    'with close.on_state_change.renamed a renamed file is not read on, which may lose data',
    pages.filestream,
  ),
  filebeatClosedAndRenamed: said(
    'Filebeat',
    'lines that were added after the file was closed for inactivity are lost when it is renamed before they are read',
    `${issues.beats}/39732`,
  ),
  filebeatRemoved: said(
    'Filebeat',
    'files are closed as soon as they are removed, so that the last lines may be missing',
    pages.filebeatRemoved,
  ),
  vectorRemoved: said('Vector', 'a deleted file is read to its end', pages.vectorFile),
  rsyslogMadeAgain: said('rsyslog', 'a file that was deleted and made again was not followed', `${issues.rsyslog}/1388`),
  filebeatInode: said('Filebeat', 'a file with a used inode was read from the offset of the old one', `${issues.beats}/1341`),
  fluentBitInode: said(
    'Fluent Bit',
    'the offset of an old file lies far beyond the end of a new one with its inode',
    `${issues.fluentBit}/11455`,
  ),
  rsyslogInode: said(
    'rsyslog',
    'with a used inode the new file is read only when it has the length of the old one',
    `${issues.rsyslog}/2659`,
  ),
  rsyslogEditor: said(
    'rsyslog',
    'an editor that replaces the file may have all of it processed again',
    `${pages.imfileParameters}/imfile-deletestateonfiledelete.html`,
  ),
  fluentBitLink: said('Fluent Bit', 'a link that is pointed elsewhere was not followed', `${issues.fluentBit}/1118`),
  filebeatLink: said('Filebeat', 'links are not read by default, as data may be lost', pages.filestream),
  filebeatCopytruncate: said('Filebeat', '50 to 115 of 150 lines were lost by copytruncate', `${issues.beats}/45300`),
  filebeatCopy: said(
    'Filebeat',
    'copytruncate may double events, as the copy is another file (identity by inode)',
    pages.filebeatRotation,
  ),
  otelCopytruncate: said('OpenTelemetry', 'reading stopped after a copytruncate', `${issues.otel}/43693`),
  rsyslogCopytruncate: said(
    'rsyslog',
    'a truncated file is not read until it is as long as before; reopenOnTruncate is experimental and off',
    `${issues.rsyslog}/3918`,
  ),
  rsyslogCopytruncateRace: said(
    'rsyslog',
    'copytruncate loses lines between the last look and the truncation',
    `${issues.rsyslog}/1417`,
  ),
  fluentBitTruncated: said('Fluent Bit', 'lines were missing around each truncation', `${issues.fluentBit}/9580`),
  fluentBitTruncatedStopped: said(
    'Fluent Bit',
    'the position of before the truncation is kept in its database',
    `${issues.fluentBit}/375`,
  ),
  vectorTruncated: said(
    'Vector',
    'a file that is truncated and quickly rewritten longer is read twice in part',
    `${issues.vector}/23619`,
  ),
  fluentBitMarker: said(
    'Fluent Bit',
    'since 2026 a hash of the bytes before the offset is compared at a start; before, it read on at the offset',
    `${issues.fluentBit}/11455`,
  ),
  rsyslogStopped: said(
    'rsyslog',
    'what was not read of a file that is rotated while it is stopped can no longer be had',
    pages.imfile,
  ),
  filebeatResends: said('Filebeat', 'after a restart several rotated files were sent again as a whole', `${issues.beats}/36541`),
  filebeatInodeStopped: said('Filebeat', 'a new file with a used inode is read from the old offset', `${issues.beats}/6984`),
  filebeatDevice: said(
    'Filebeat',
    'with identity by inode and device all is read again on another device',
    `${issues.beats}/2056`,
  ),
  alloyRotatedStopped: said('Alloy', 'the rest of a file that was rotated while it was stopped is lost', `${issues.alloy}/6910`),
  alloyGzip: said('Alloy', 'x.log and x.log.1.gz are both read: the same lines twice', `${issues.alloy}/3193`),
  vectorGzip: said('Vector', 'compressed rotated files are read again: there is no checkpoint for them', `${issues.vector}/7990`),
  otelGzip: said('OpenTelemetry', 'gzip is read where the configuration says so', pages.filelog),
  otelStart: said('OpenTelemetry', '`start_at: end` is the default', pages.filelog),
  rsyslogStart: said(
    'rsyslog',
    'with freshStartTail a file that is made while it starts may be skipped; its team advises against it',
    `${pages.imfileParameters}/imfile-freshstarttail.html`,
  ),
  rsyslogIgnoreOlder: said(
    'rsyslog',
    'ignoreOlderThan leaves such files out until they are written',
    `${pages.imfileParameters}/imfile-ignoreolderthan.html`,
  ),
  vectorIgnoreOlder: said('Vector', 'ignored files are kept open all the same', `${issues.vector}/3567`),
  otelKilled: said('OpenTelemetry', 'offsets move before data is exported, so that a restart loses it', `${issues.otel}/46945`),
  vectorKilled: said('Vector', 'its disk buffer is not safe against a crash', `${issues.vector}/25639`),
  filebeatMultiline: said('Filebeat', 'an event of several lines is cut by a rotation', `${issues.beats}/47336`),
  fluentBitUtf16: said('Fluent Bit', 'a UTF-16 file was read anew as a whole at each change', `${issues.fluentBit}/9321`),
  vectorGlob: said('Vector', 'a `**` glob took 80 to 90 % of a core', `${issues.vector}/13129`),
  filebeatFifo: said(
    'Filebeat',
    'named pipes in the glob raised errors, and files beside them were not sent any more',
    `${issues.beats}/12988`,
  ),
  filebeatPermission: said('Filebeat', 'the error is told at each scan (it ended before 7)', `${issues.beats}/4309`),
  fluentBitNfs: said('Fluent Bit', 'on NFS changes are not noticed, as there is no inotify', `${issues.fluentBit}/3111`),
} as const;

function said(program: OtherBehaviour['program'], says: string, reference: string): OtherBehaviour {
  return { program, says, reference };
}
