/** The rules of health that all beds have: the defaults, but for what tells of the machine on which the faults are made, and not of them. */
export const rulesOfBeds = { disk: { enabled: false }, memory: { enabled: false } } as const;
