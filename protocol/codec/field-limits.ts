/**
 * How long and how many: one entry for each field of the schema that holds bytes or occurs more than once. Counts are over the
 * whole frame, so that nesting cannot multiply them. frame-guard.ts asserts at load that no field is missing here.
 */
import * as limits from '../limits.ts';

export interface FieldLimit {
  /** Greatest length in bytes of one value. */
  readonly bytes?: number;
  /** Greatest number of values in a frame. */
  readonly count?: number;
}

const id: FieldLimit = { bytes: limits.idBytes };
const mark: FieldLimit = { bytes: limits.markBytes };
const host: FieldLimit = { bytes: limits.hubBytesMax, count: limits.hubsMax };
const capability: FieldLimit = { bytes: limits.capabilityBytesMax, count: limits.capabilitiesMax };

export const fieldLimits: Readonly<Record<string, FieldLimit>> = {
  'Hello.agent_id': id,
  'Hello.instance_id': id,
  'Hello.boot_id': id,
  'Hello.facts': { count: limits.factsMax },
  'Hello.FactsEntry.key': { bytes: limits.factNameBytesMax },
  'Hello.FactsEntry.value': { bytes: limits.factValueBytesMax },
  'Hello.capabilities': capability,
  'Welcome.hub_id': id,
  'Welcome.site_id': id,
  'Welcome.store_id': id,
  'Welcome.hubs': host,
  'Welcome.capabilities': capability,
  'SourceIdentity.path': { bytes: limits.pathBytesMax },
  'SourceIdentity.device': { bytes: limits.fileNumberBytesMax },
  'SourceIdentity.inode': { bytes: limits.fileNumberBytesMax },
  'SourceIdentity.fingerprint': { bytes: limits.fingerprintBytes },
  'SourceIdentity.token': { bytes: limits.tokenBytesMax },
  'StreamAttributes.tenant': { bytes: limits.nameBytesMax },
  'StreamAttributes.type': { bytes: limits.nameBytesMax },
  'StreamAttributes.host': { bytes: limits.hostBytesMax },
  'StreamAttributes.encoding': { bytes: limits.encodingBytesMax },
  'StreamAttributes.labels': { count: limits.labelsMax * limits.recoveredStreamsMax },
  'StreamAttributes.LabelsEntry.key': { bytes: limits.labelNameBytesMax },
  'StreamAttributes.LabelsEntry.value': { bytes: limits.labelValueBytesMax },
  'Origin.site_id': id,
  'Origin.agent_id': id,
  'RecoveredStream.stream_id': id,
  'RecoveredStream.held_mark': mark,
  'Recovered.streams': { count: limits.recoveredStreamsMax },
  'OpenStream.stream_id': id,
  'Position.held_mark': mark,
  'Segment.from_mark': mark,
  'Segment.to_mark': mark,
  'Segment.cuts': { count: limits.cutsMax },
  'Segment.lengths': { count: limits.recordsMax },
  'Segment.drops': { count: limits.dropsMax },
  'Segment.host': { bytes: limits.hostBytesMax },
  'Hop.site_id': id,
  'Hop.hub_id': id,
  'Envelope.hops': { count: limits.hopsMax },
  'Envelope.trims': { count: limits.segmentsMax },
  'Batch.segments': { count: limits.segmentsMax },
  'Batch.body': { bytes: limits.bodyBytesMax },
  'Refuse.held_mark': mark,
  'Refuse.hint': { bytes: limits.hintBytesMax },
  'Gap.to_mark': mark,
  'Drain.hubs': host,
  'Reject.hint': { bytes: limits.hintBytesMax },
  'Snapshot.json': { bytes: limits.snapshotBytesMax },
};
