import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { HyperRunError, type AnyEvent } from '#contracts';
import { event, type Decider } from '#domain';
import { Decisions, type Issued } from '../world/decisions.port.js';
import { LiveWorld } from '../world/live-world.port.js';

/** A person has seen an alert. */
export class AcknowledgeAlertCommand extends Command<{ readonly alertId: string; readonly cursor: string }> {
  constructor(
    readonly alertId: string,
    readonly issued: Issued,
  ) {
    super();
  }
}

/** Which alerts of one stream were acknowledged. */
const acknowledgement: Decider<ReadonlySet<string>, string, AnyEvent> = {
  initial: new Set(),
  decide: (alertId, state) => (state.has(alertId) ? [] : [event('alert.acknowledged', { alertId })]),
  evolve: (state, told) => (told.type === 'alert.acknowledged' ? new Set([...state, told.data.alertId]) : state),
};

@CommandHandler(AcknowledgeAlertCommand)
export class AcknowledgeAlertHandler implements ICommandHandler<AcknowledgeAlertCommand> {
  constructor(
    private readonly decisions: Decisions,
    private readonly live: LiveWorld,
  ) {}

  async execute({ alertId, issued }: AcknowledgeAlertCommand) {
    const alert = this.live.world.alerts.get(alertId);
    if (alert === undefined) throw new HyperRunError('alert.unknown', `There is no alert "${alertId}".`);
    const { stream, sprintId, taskId } = alert;
    const subjects = { ...(sprintId === undefined ? {} : { sprintId }), ...(taskId === undefined ? {} : { taskId }) };
    const outcome = await this.decisions.make({ stream, decider: acknowledgement, command: alertId, issued, subjects });
    await this.live.reached(outcome.position);
    return { alertId, cursor: outcome.cursor };
  }
}
