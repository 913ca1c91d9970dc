import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { sprintStream, type SprintId, type WorkerId } from '#contracts';
import { sprint, type SprintCommand, type SprintState } from '#domain';
import type { StreamWrite } from '#event-store';
import { Decisions, type Issued, type Outcome } from './decisions.port.js';
import { LiveWorld } from './live-world.port.js';

/** Decisions about a sprint. They resolve when this process has folded what they led to. */
@Injectable()
export class SprintDecisions {
  constructor(
    private readonly decisions: Decisions,
    private readonly live: LiveWorld,
  ) {}

  /** @param also writes that happen together with it, or checks without which it does not */
  async make(
    sprintId: SprintId,
    command: SprintCommand,
    issued: Issued,
    also?: () => Promise<readonly StreamWrite[]> | readonly StreamWrite[],
  ): Promise<Outcome<SprintState>> {
    const stream = sprintStream(sprintId);
    const subjects = { sprintId };
    const outcome = await this.decisions.make({ stream, decider: sprint, command, issued, subjects, also });
    await this.live.reached(outcome.position);
    return outcome;
  }

  /** As a worker says it: each time a command of its own. */
  async byWorker(worker: WorkerId, sprintId: SprintId, command: SprintCommand): Promise<void> {
    const id = `${command.type}/${randomUUID()}`;
    await this.make(sprintId, command, { id, actor: `worker:${worker}`, body: command.type });
  }
}
