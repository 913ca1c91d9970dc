import { createHash, randomUUID } from 'node:crypto';
import type { MessageClient } from './messages.js';

/** What a service answers to a remote agent. */
export interface Heard {
  readonly status: string;
  readonly task?: Brief;
  readonly text?: string;
  readonly for?: string;
}

export interface Brief {
  readonly taskId: string;
  readonly attempt: number;
  readonly title: string;
  readonly prompt: string;
  readonly paths: readonly string[];
  readonly tools: readonly { readonly name: string }[];
}

export const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

/** Says something as a remote agent, which one worker hears; rejects with the error that is answered. */
export const teller =
  (messages: () => MessageClient, agentId: string, itsToken: string) =>
  async (name: string, body: object, agent = agentId, token = itsToken): Promise<Heard> => {
    const said = { agent, token, commandId: randomUUID(), ...body };
    const [answer] = await messages().ask(`agent.${name}`, said, 1);
    if (answer?.error !== undefined) throw answer.error;
    return answer?.response as Heard;
  };

/** The task that it is given next. */
export const taskOfNext = ({ status, task }: Heard): Brief => {
  if (task === undefined) throw new Error(`The agent was told ${status}.`);
  return task;
};
