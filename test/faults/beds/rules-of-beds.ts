/** The rules of health that all beds have: the defaults, but for what tells of the machine on which the faults are made, and not of them. */
const off = { enabled: false } as const;

export const rulesOfBeds = { disk: off, memory: off, agent_disk: off, agent_memory: off };
