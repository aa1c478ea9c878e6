import * as z from 'zod';

/** Tenants and types become names of topics, folders and indices. */
const pattern = /^[a-z0-9_]{1,50}$/;
const rule = 'must be 1 to 50 of a-z, 0-9 and _';

export const tenantName = z.string().regex(pattern, rule);
export const typeName = z.string().regex(pattern, rule);
export const tenantOrAll = z.string().refine((text) => text === '*' || pattern.test(text), `${rule}, or * for all`);
