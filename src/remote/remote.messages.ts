import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { ApiExcludeController } from '@nestjs/swagger';
import { NEVER, type Observable } from 'rxjs';
import type { RemoteWork } from '#agents';
import { eventText } from '#contracts';
import { RpcAccess } from '../access/rpc.decorator.js';
import { CONFIG, type Config } from '../config/config.js';
import { knownSecrets } from '../config/secrets.js';
import { RemoteAgents } from './remote-agents.port.js';
import { RemoteTokenGuard } from './remote-token.guard.js';
import {
  ActMessage,
  BlockMessage,
  NextMessage,
  ProgressMessage,
  RegisterMessage,
  SubmitMessage,
  type TaskMessage,
} from './remote.dto.js';

const WAIT_SECONDS = 20;

type Answer = Promise<object | Observable<never>>;

/**
 * What agents that live elsewhere say, over the Redis transport. Every worker hears it; whoever has the task carries it out and
 * answers, the others say nothing.
 */
@RpcAccess(RemoteTokenGuard)
@ApiExcludeController()
@Controller()
export class RemoteMessages {
  constructor(
    private readonly remote: RemoteAgents,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @MessagePattern('agent.register')
  async register(@Payload() { agent, name, version }: RegisterMessage): Promise<object> {
    const clean = (text: string | undefined) => text && (eventText(text, knownSecrets()) || undefined);
    const card = await this.remote.register(agent, { name: clean(name), version: clean(version) });
    return { status: 'registered', agent, name: card.name, role: card.role, offlineAfterSeconds: this.config.remoteSeconds }; // prettier-ignore
  }

  @MessagePattern('agent.next')
  async next(@Payload() { agent, waitSeconds = WAIT_SECONDS }: NextMessage): Answer {
    return (await this.remote.next(agent, waitSeconds * 1000)) ?? NEVER;
  }

  @MessagePattern('agent.act')
  act(@Payload() message: ActMessage): Answer {
    const { tool, input = {} } = message;
    return this.carryOut(message, { act: { tool, input } }, (work) => work.act(tool, input));
  }

  @MessagePattern('agent.block')
  block(@Payload() message: BlockMessage): Answer {
    const { question, options } = message;
    const input = { question, ...(options === undefined ? {} : { options }) };
    return this.carryOut(message, { block: input }, (work) => work.act('ask', input));
  }

  @MessagePattern('agent.progress')
  progress(@Payload() message: ProgressMessage): Answer {
    const { note, usage } = message;
    return this.carryOut(message, { progress: { note, usage } }, async (work) => {
      await work.progress(note, usage);
      return {};
    });
  }

  @MessagePattern('agent.submit')
  submit(@Payload() message: SubmitMessage): Answer {
    const { summary, outcome = 'done', patch } = message;
    return this.carryOut(message, { submit: { summary, outcome, patch } }, (work) =>
      work.submit({ summary, outcome }, patch),
    );
  }

  private async carryOut(
    { agent, taskId, attempt, commandId, waitSeconds = WAIT_SECONDS }: TaskMessage,
    body: object,
    ask: (work: RemoteWork) => Promise<object>,
  ): Answer {
    const named = { agentId: agent, taskId, attempt };
    return (await this.remote.carryOut(named, { commandId, body, waitMs: waitSeconds * 1000 }, ask)) ?? NEVER;
  }
}
