/** From the configuration to what stands before the agents' listener. */
import type { Id } from '@tributary/protocol/messages.ts';
import { systemClock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { HubTls } from '../../certificates/hub-tls.ts';
import { agentsUseTls } from '../../config/rules.ts';
import { Enrolments } from '../../enrolment/enrolment.ts';
import { enrolmentRoutes } from '../../enrolment/enrolment-routes.ts';
import type { Strangers } from '../../intake/strangers.ts';
import type { HubOptions } from '../../options.ts';
import type { Registry } from '../../registry/registry.ts';
import type { AgentListenerOptions, Door } from './agent-listener.ts';

export interface AgentsDoorParts {
  readonly options: HubOptions;
  readonly siteId: Id;
  /** Undefined without `tls`. */
  readonly tls: HubTls | undefined;
  readonly registry: Registry;
  readonly strangers: Strangers;
  readonly log: Logger;
  /** `host:port` as the listener is bound: what new agents are told where the configuration advertises nothing. */
  readonly bound: () => string;
}

export function agentsDoor(parts: AgentsDoorParts): Pick<AgentListenerOptions, 'address' | 'door' | 'allowCidr' | 'limits'> {
  const { address, allow_cidr: allowCidr, limits } = parts.options.listeners.agents;
  return {
    address,
    allowCidr,
    door: doorOf(parts),
    limits: {
      connectionsMax: limits.connections,
      connectionsPerAddressMax: limits.connections_per_address,
      handshakeTimeoutMs: limits.handshake_timeout,
    },
  };
}

function doorOf({ options, siteId, tls, registry, strangers, log, bound }: AgentsDoorParts): Door {
  if (tls === undefined || !agentsUseTls(options)) return { kind: 'plain', tenant: options.listeners.agents.tenant };
  const { site, advertise } = options;
  const enrolments = new Enrolments({
    registry,
    authority: tls.authority,
    anchor: () => tls.anchor.toString(),
    lifetimeMs: options.tls?.agent_lifetime ?? 0,
    site,
    siteId,
    hubs: () => (advertise.length > 0 ? advertise : [bound()]),
    log,
  });
  return {
    kind: 'tls',
    tls,
    judge: {
      siteId,
      site,
      registry,
      authorities: () => tls.material.current.authorities,
      ownPki: usesOwnPki(options),
      now: () => systemClock.now(),
    },
    enrolment: enrolmentRoutes({ enrolments, strangers, log }),
  };
}

/** Agents' certificates come from an authority of the company. */
export function usesOwnPki(options: HubOptions): boolean {
  return options.tls?.ca !== undefined;
}
