/**
 * The findings that stand, and the events that tell of them. Damped: `finding-raised` comes at once, when a finding is new or gets worse;
 * `finding-cleared` when it has been gone for a while. One that comes and goes within that time is the same finding all along, and
 * nobody is told again; nor is somebody of one that goes back and forth between yellow and red, which is shown as red until it has been better for
 * a moment.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { HubEventSink } from '../platform/hub-events.ts';
import type { FindingTimes } from './finding-times.ts';
import type { Finding, FindingKind, Findings, StandingFinding } from './findings.ts';
import { betterAfterMs, clearedAfterMs, findingLooksMs, findingsPerKindMax } from './limits.ts';

interface Told {
  readonly finding: StandingFinding;
  /** As it was when it was red last, and until when; undefined while it is, and where it never was. */
  readonly wasRed: { readonly finding: StandingFinding; readonly untilMs: number } | undefined;
  /** Undefined while it stands. */
  readonly goneSinceMs: number | undefined;
}

export class FindingsBook implements Findings {
  readonly #clock: Clock;
  readonly #events: HubEventSink;
  readonly #logger: Logger;
  readonly #before: Pick<FindingTimes, 'take'> | undefined;
  readonly #told = new Map<FindingKind, Map<string, Told>>();

  /** `before`: since when stood what stood before the start. */
  constructor(parts: {
    readonly clock: Clock;
    readonly events: HubEventSink;
    readonly logger: Logger;
    readonly before?: Pick<FindingTimes, 'take'>;
  }) {
    this.#before = parts.before;
    this.#clock = parts.clock;
    this.#events = parts.events;
    this.#logger = parts.logger;
  }

  set(kind: FindingKind, findings: readonly Finding[]): void {
    const now = this.#clock.monotonic();
    const before = this.#told.get(kind) ?? new Map<string, Told>();
    const after = new Map<string, Told>();
    for (const finding of findings.slice(0, findingsPerKindMax)) {
      const known = before.get(finding.subject);
      const sinceMs = known?.finding.sinceMs ?? this.#before?.take({ kind, subject: finding.subject }) ?? this.#clock.now();
      const wasRed = finding.level === 'red' ? undefined : wasRedOf(known, now);
      after.set(finding.subject, { finding: { ...finding, kind, sinceMs }, wasRed, goneSinceMs: undefined });
      if (isNews(finding, known, now)) this.#tell('finding-raised', finding);
    }
    for (const [subject, told] of before) {
      if (!after.has(subject)) after.set(subject, { ...told, goneSinceMs: told.goneSinceMs ?? now });
    }
    this.#told.set(kind, after);
  }

  put(about: Pick<Finding, 'kind' | 'subject'>, finding: Pick<Finding, 'level' | 'reason'> | undefined): void {
    const { kind, subject } = about;
    const standing = [...(this.#told.get(kind)?.values() ?? [])].filter(({ goneSinceMs }) => goneSinceMs === undefined);
    const others = standing.map((told) => told.finding).filter((other) => other.subject !== subject);
    this.set(kind, finding === undefined ? others : [...others, { kind, subject, ...finding }]);
  }

  /** Red ones first, then the oldest. */
  all(): readonly StandingFinding[] {
    const now = this.#clock.monotonic();
    const told = [...this.#told.values()].flatMap((ofKind) => [...ofKind.values()]);
    const standing = told.filter(({ goneSinceMs }) => goneSinceMs === undefined);
    const shown = standing.map(({ finding, wasRed }) =>
      wasRed !== undefined && now - wasRed.untilMs < betterAfterMs ? wasRed.finding : finding,
    );
    return shown.toSorted((a, b) => a.level.localeCompare(b.level) || a.sinceMs - b.sinceMs);
  }

  /** What stands, and what is gone for too short a time to be told as cleared. */
  lately(): readonly StandingFinding[] {
    return [...this.#told.values()].flatMap((ofKind) => [...ofKind.values()].map(({ finding }) => finding));
  }

  /** Tells what has been gone for long enough. */
  settle(): void {
    const now = this.#clock.monotonic();
    for (const ofKind of this.#told.values()) {
      for (const [subject, { finding, goneSinceMs }] of ofKind) {
        if (goneSinceMs === undefined || now - goneSinceMs < clearedAfterMs) continue;
        ofKind.delete(subject);
        this.#tell('finding-cleared', finding);
      }
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await this.#clock.sleep(findingLooksMs, signal);
        this.settle();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #tell(action: 'finding-raised' | 'finding-cleared', { kind, subject, level, reason }: Finding): void {
    const isRaised = action === 'finding-raised';
    const message = isRaised ? reason : `no longer so: ${reason}`;
    const logLevel = !isRaised ? 'info' : level === 'red' ? 'error' : 'warn';
    this.#logger[logLevel](message, { event: action, finding: kind, subject });
    this.#events.report({
      action,
      message,
      level: logLevel,
      category: 'host',
      type: 'info',
      fields: { tributary: { finding: kind, subject, level } },
    });
  }
}

function wasRedOf(known: Told | undefined, nowMs: number): Told['wasRed'] {
  if (known?.finding.level !== 'red') return known?.wasRed;
  return { finding: known.finding, untilMs: known.goneSinceMs ?? nowMs };
}

function isNews({ level }: Finding, known: Told | undefined, nowMs: number): boolean {
  if (known === undefined) return true;
  if (level === 'yellow' || known.finding.level === 'red') return false;
  return known.wasRed === undefined || nowMs - known.wasRed.untilMs >= clearedAfterMs;
}
