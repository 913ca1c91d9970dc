import { oneLine } from './clean.js';

/** What approving a plan gives to an agent that is a program somewhere else: it follows the name of the agent, or “it”. */
export const LIVES_ELSEWHERE = 'lives elsewhere: what it reads here leaves this machine';

/** Kinds of agents, in the order in which they get a task. */
export const inTurn = (kinds: readonly string[]): string => kinds.map((kind) => oneLine(kind)).join(', then ');
