import { asFields, documentOf, type Teller } from '@tributary/protocol/platform/document.ts';
import type { HubEvent } from './hub-events.ts';

/** A document of an event, with its line end. `count` of more than one: so many events are told as one. `id`: the document's. */
export function hubDocument(
  event: HubEvent,
  teller: Teller & { readonly site: string },
  at: { readonly nowMs: number; readonly count?: number; readonly id?: string },
): string {
  const { action, message, level, category, type = 'info', outcome, fields } = event;
  const { event: own, log, tributary, ...others } = fields;
  const { count = 1, id } = at;
  return documentOf(teller, at.nowMs, {
    event: {
      ...(id === undefined ? {} : { id }),
      kind: 'event',
      module: 'tributary',
      dataset: 'tributary.hub',
      category: [category],
      type: [type],
      action,
      ...(outcome === undefined ? {} : { outcome }),
      ...asFields(own),
    },
    message,
    ...others,
    log: { level, ...asFields(log) },
    tributary: { site: teller.site, ...asFields(tributary), ...(count > 1 ? { count } : {}) },
  });
}
