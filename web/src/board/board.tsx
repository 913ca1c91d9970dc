import { memo } from 'react';
import type { AgentCard } from '#domain';
import { duration } from '#wording';
import { useNow } from '../shell/now.js';
import { agentMood, Badge, Shape } from '../ui/status.js';
import { agentColour, ago, timeOfDay } from '../ui/words.js';
import { countByStatus, inOrder, isOpen } from './order.js';
import './board.css';

interface BoardProps {
  readonly cards: ReadonlyMap<string, AgentCard>;
  /** What confines an agent, by its kind. */
  readonly isolationOf?: ReadonlyMap<string, string>;
  /** What an agent did last, in a sentence. */
  readonly lastActions?: ReadonlyMap<string, string>;
  /** The moment that is shown; absent: now. */
  readonly at?: number;
  readonly taskLink?: (taskId: string) => string | undefined;
}

/** The crew: a card for each agent, trouble first. */
export const Board = ({ cards, isolationOf, lastActions, at, taskLink }: BoardProps) => {
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
            isolation={isolationOf?.get(card.kind)}
            lastAction={lastActions?.get(card.id)}
            silent={silence(card, now)}
            circuit={circuitOf(card, now)}
            isOpen={isOpen(card, now)}
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

/** It failed too often: no task until then, after that one to try. */
const circuitOf = ({ circuitOpenUntil: until }: AgentCard, now: number) => {
  if (until === undefined) return undefined;
  const left = until - now;
  return left > 0
    ? `open until ${timeOfDay(until)}, ${duration(Math.ceil(left / 1000) * 1000)} more`
    : 'half open: one task may try';
};

const ISOLATION: Readonly<Record<string, { readonly word: string; readonly why: string }>> = {
  memory: { word: 'in memory', why: 'It works on a tree in memory: there is nothing to get out of.' },
  remote: { word: 'elsewhere', why: 'It lives elsewhere; the tree that it works on is here, in memory.' },
  none: { word: 'none', why: 'Nothing confines its program.' },
  unknown: { word: 'not known', why: 'This service has no agent of its kind.' },
};
const isolationText = (isolation: string) =>
  ISOLATION[isolation] ?? { word: isolation, why: 'Its program works in a sandbox, at the level that was measured.' };

interface CardProps {
  readonly card: AgentCard;
  readonly isolation?: string;
  readonly lastAction?: string;
  readonly silent: string;
  readonly circuit?: string;
  readonly isOpen: boolean;
  readonly task?: string;
}

const Card = memo(({ card, isolation, lastAction, silent, circuit, isOpen: open, task }: CardProps) => (
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
      {isolation !== undefined && (
        <div className="agent-isolation">
          <dt>isolation</dt>
          <dd className={isolation === 'none' ? 'tone-warning' : ''} title={isolationText(isolation).why}>
            {isolationText(isolation).word}
          </dd>
        </div>
      )}
      {circuit !== undefined && (
        <div className={`agent-circuit ${open ? 'tone-bad' : 'tone-warning'}`}>
          <dt>
            <Shape mood={open ? 'bad' : 'warning'} /> circuit
          </dt>
          <dd>{circuit}</dd>
        </div>
      )}
    </dl>
  </li>
));
