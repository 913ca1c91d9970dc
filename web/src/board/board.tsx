import { memo } from 'react';
import type { AgentCard } from '#domain';
import { duration } from '#wording';
import { useNow } from '../shell/now.js';
import { agentMood, Badge } from '../ui/status.js';
import { agentColour, ago } from '../ui/words.js';
import { countByStatus, inOrder } from './order.js';
import './board.css';

interface BoardProps {
  readonly cards: ReadonlyMap<string, AgentCard>;
  readonly isolation?: string;
  /** What an agent did last, in a sentence. */
  readonly lastActions?: ReadonlyMap<string, string>;
  /** The moment that is shown; absent: now. */
  readonly at?: number;
  readonly taskLink?: (taskId: string) => string | undefined;
}

/** The crew: a card for each agent, trouble first. */
export const Board = ({ cards, isolation, lastActions, at, taskLink }: BoardProps) => {
  const live = useNow();
  const now = at ?? live;
  const counts = countByStatus(cards.values());
  return (
    <>
      <p className="visually-hidden" role="status">
        {[...counts].map(([status, count]) => `${count} ${status}`).join(', ')}
      </p>
      <ul className={`board ${cards.size > 24 ? 'board-dense' : ''}`}>
        {inOrder(cards.values(), now).map((card) => (
          <Card
            key={card.id}
            card={card}
            isolation={isolation}
            lastAction={lastActions?.get(card.id)}
            silent={silence(card, now)}
            circuit={circuit(card, now)}
            task={card.currentTaskId === undefined ? undefined : taskLink?.(card.currentTaskId)}
          />
        ))}
      </ul>
    </>
  );
};

const silence = ({ lastProgress, lastSeen }: AgentCard, now: number) => {
  const time = lastProgress ?? lastSeen;
  return time === 0 ? 'never' : ago(time, now);
};

const circuit = ({ circuitOpenUntil }: AgentCard, now: number) =>
  circuitOpenUntil !== undefined && circuitOpenUntil > now
    ? duration(Math.ceil((circuitOpenUntil - now) / 1000) * 1000)
    : undefined;

interface CardProps {
  readonly card: AgentCard;
  readonly isolation?: string;
  readonly lastAction?: string;
  readonly silent: string;
  readonly circuit?: string;
  readonly task?: string;
}

const Card = memo(({ card, isolation, lastAction, silent, circuit: open, task }: CardProps) => (
  <li className={`agent agent-${card.status}`} data-agent={card.id}>
    <div className="row spread agent-head">
      <strong className="cut" style={{ color: agentColour(card.id) }}>
        {card.id}
      </strong>
      <Badge mood={agentMood(card.status)}>{card.status}</Badge>
    </div>
    <p className="quiet cut agent-role" title={card.role}>
      {card.role}
    </p>
    <p className="agent-task">
      {card.currentTaskId === undefined ? (
        <span className="quiet">no task</span>
      ) : (
        <a href={task} title={card.currentTaskSummary}>
          {card.currentTaskSummary || card.currentTaskId}
        </a>
      )}
    </p>
    <p className="quiet cut mono agent-action" title={lastAction}>
      {lastAction ?? ' '}
    </p>
    <dl className="agent-facts">
      <div>
        <dt>heartbeat</dt>
        <dd>
          {/* A new key with each event: the mark pulses again. */}
          <span key={card.version} className="beat" aria-hidden="true" /> {silent}
        </dd>
      </div>
      {open !== undefined && (
        <div>
          <dt>circuit</dt>
          <dd className="tone-bad">open for {open}</dd>
        </div>
      )}
      {isolation !== undefined && isolation !== '' && (
        <div className="agent-isolation">
          <dt>isolation</dt>
          <dd className={isolation === 'none' ? 'tone-warning' : ''}>{isolation}</dd>
        </div>
      )}
    </dl>
  </li>
));
