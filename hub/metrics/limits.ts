/** Bounds of what pipelines count. */

/** Of one name and tenant; what comes with further labels is counted under `other`. */
export const seriesMax = 1000;
/** Of different names and tenants; further ones are not counted. */
export const familiesMax = 1000;
/** How often what changed is told as platform events, and how many at a time: the others are told next. */
export const tellMs = 10_000;
export const toldMax = 1000;

/** Nodes of the tree of health that are told one by one, four series each. */
export const statedNodesMax = 5000;
/** Agents that may be told one by one. */
export const agentsToldMax = 1000;
/** How often it is looked how late the main thread is. */
export const lagLookMs = 250;
export const lagBoundsSeconds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
