/** What findings and events a part under test told, and a registry that keeps its small values in memory. */
import type { Finding, FindingKind, Findings, StandingFinding } from '../health/findings.ts';
import type { HubEventSink, ReportedEvent } from '../platform/hub-events.ts';
import { type AuditEvent, type HowSet, RegistryError } from '../registry/registry.ts';

export class RecordingEvents implements HubEventSink {
  readonly events: ReportedEvent[] = [];

  report(event: ReportedEvent): void {
    this.events.push(event);
  }

  get actions(): string[] {
    return this.events.map(({ action }) => action);
  }
}

export class RecordingFindings implements Findings {
  readonly #findings = new Map<FindingKind, readonly Finding[]>();

  set(kind: FindingKind, findings: readonly Finding[]): void {
    this.#findings.set(kind, findings);
  }

  put({ kind, subject }: Pick<Finding, 'kind' | 'subject'>, finding: Pick<Finding, 'level' | 'reason'> | undefined): void {
    const others = (this.#findings.get(kind) ?? []).filter((other) => other.subject !== subject);
    this.#findings.set(kind, finding === undefined ? others : [...others, { kind, subject, ...finding }]);
  }

  all(): readonly StandingFinding[] {
    return [...this.#findings.values()].flat().map((finding) => ({ ...finding, sinceMs: 0 }));
  }
}

export class MemoryMeta {
  readonly values = new Map<string, string>();
  readonly told: AuditEvent[] = [];
  /** Rejects what is stored from now on. */
  failing = false;

  meta(key: string): string | undefined {
    return this.values.get(key);
  }

  async setMeta(values: Readonly<Record<string, string>>, { unlessSet, from = {}, audit }: HowSet = {}): Promise<void> {
    if (this.failing) throw new Error('the disk is full');
    // As of a store that is somewhere else.
    await Promise.resolve();
    if (Object.entries(from).some(([key, before]) => this.values.get(key) !== before))
      throw new RegistryError('REGISTRY_CONFLICT', 'somebody else changed this just now');
    for (const [key, value] of Object.entries(values)) {
      if (unlessSet !== true || !this.values.has(key)) this.values.set(key, value);
    }
    if (audit !== undefined) this.told.push(audit);
  }
}
