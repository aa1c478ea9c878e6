/** Each is made anew long before: what is this near to its end was not. Agents' are as the rule of their health has it unless it is set. */
const daysLeftMin = { hub: { yellow: 30, red: 7 }, agent: { yellow: 7, red: 1 } } as const;

export function certificateState(daysLeft: number, of: 'hub' | 'agent'): 'green' | 'yellow' | 'red' {
  const { yellow, red } = daysLeftMin[of];
  return daysLeft < red ? 'red' : daysLeft < yellow ? 'yellow' : 'green';
}
