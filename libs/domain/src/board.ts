// The swarm as a person sees it: a fold over all events into one card per agent.
import type { AgentId, Instant, TaskId } from '#contracts';
import { copied, type ChangeMap } from './change-map.js';
import type { Told } from './decider.js';
import { isTaskEnd } from './task-state.js';

export const AGENT_STATUSES = ['idle', 'working', 'blocked', 'stalled', 'error', 'offline'] as const;
export type AgentStatus = (typeof AGENT_STATUSES)[number];

export interface AgentCard {
  readonly id: AgentId;
  readonly kind: string;
  readonly name: string;
  readonly role: string;
  readonly status: AgentStatus;
  readonly currentTaskId?: TaskId;
  readonly currentTaskSummary?: string;
  readonly lastSeen: Instant;
  readonly lastProgress?: Instant;
  /** Until then it gets no task, then one to try; absent: its circuit is closed. */
  readonly circuitOpenUntil?: Instant;
  /** Position of the newest event that changed this card. */
  readonly version: number;
}

export interface Board {
  readonly agents: ReadonlyMap<AgentId, AgentCard>;
  /** Titles of queued tasks and who has them: what a card needs to say what it is doing. */
  readonly titles: ReadonlyMap<TaskId, string>;
  readonly holders: ReadonlyMap<TaskId, AgentId>;
}

export const emptyBoard: Board = { agents: new Map(), titles: new Map(), holders: new Map() };

export interface BoardEvent {
  readonly taskId?: TaskId;
  readonly agentId?: AgentId;
  readonly position: number;
}

/**
 * The cards after one more event. Same board, same object, when it concerns no card.
 * @param change how titles and holders are changed: there may be ten thousand of them
 */
export const evolveBoard = (board: Board, told: Told & BoardEvent, change: ChangeMap = copied): Board => {
  if (told.type === 'task.queued') {
    const { taskId, title } = told.data.task;
    return { ...board, titles: change(board.titles, (titles) => titles.set(taskId, title)) };
  }
  if (told.type === 'agent.registered') {
    const { agentId, ...rest } = told.data;
    const { circuitOpenUntil } = board.agents.get(agentId) ?? {};
    const circuit = circuitOpenUntil === undefined ? {} : { circuitOpenUntil };
    const card = { id: agentId, ...rest, ...circuit, status: 'idle' as const };
    return withCard(board, { ...card, lastSeen: told.time, version: told.position });
  }
  const card = cardOf(board, told);
  // A task that nobody is at can end too.
  if (card === undefined) return isTaskEnd(told) ? release(board, told, change) : board;
  // Whose branch could not be made is free for other work, and the end of that task is none of it.
  if (isElsewhere(card, told)) return told.type === 'task.discarded' ? release(board, told, change) : board;
  const seen = { ...card, lastSeen: told.time, version: told.position };
  const changed = cardChange(seen, told, board);
  const next = withCard(board, changed);
  const { taskId } = told;
  if (taskId === undefined) return next;
  if (told.type === 'task.claimed') {
    const { agentId } = told.data;
    return { ...next, holders: change(next.holders, (holders) => holders.set(taskId, agentId)) };
  }
  return changed.currentTaskId === undefined ? release(next, told, change) : next;
};

const isElsewhere = (card: AgentCard, told: Told & BoardEvent): boolean =>
  told.taskId !== undefined && told.type !== 'task.claimed' && card.currentTaskId !== told.taskId;

const cardOf = (board: Board, told: Told & BoardEvent): AgentCard | undefined => {
  const id =
    told.type === 'task.claimed'
      ? told.data.agentId
      : told.taskId === undefined
        ? told.agentId
        : (board.holders.get(told.taskId) ?? undefined);
  return id === undefined ? undefined : board.agents.get(id);
};

const withCard = (board: Board, card: AgentCard): Board => ({
  ...board,
  agents: new Map(board.agents).set(card.id, card),
});

/** Nobody is at this task any more; its title is kept while somebody may be again. */
const release = (board: Board, { type, taskId }: Told & BoardEvent, change: ChangeMap): Board => {
  if (taskId === undefined) return board;
  const holders = board.holders.has(taskId) ? change(board.holders, (map) => map.delete(taskId)) : board.holders;
  if (type === 'task.attempt-interrupted' || type === 'task.answered') return { ...board, holders };
  return { ...board, holders, titles: change(board.titles, (titles) => titles.delete(taskId)) };
};

const free = (card: AgentCard, status: AgentStatus): AgentCard => {
  const { currentTaskId: _id, currentTaskSummary: _summary, ...rest } = card;
  return { ...rest, status };
};

const titleOf = ({ currentTaskId }: AgentCard, board: Board) =>
  currentTaskId === undefined ? undefined : board.titles.get(currentTaskId);

const LONGEST_SUMMARY = 400;
const waitingSummary = (reason: string, card: AgentCard, board: Board): string =>
  `${titleOf(card, board) ?? 'A task'}: ${reason}`.slice(0, LONGEST_SUMMARY);

/** What the card of whoever waits says of the reason, told anew. @param version of the card from then on; left out: as it was */
export const retellReason = (board: Board, taskId: TaskId, reason: string, version?: number): Board => {
  const holder = board.holders.get(taskId);
  const card = holder === undefined ? undefined : board.agents.get(holder);
  if (card?.status !== 'blocked') return board;
  const currentTaskSummary = waitingSummary(reason, card, board);
  return withCard(board, { ...card, currentTaskSummary, version: version ?? card.version });
};

const cardChange = (card: AgentCard, told: Told & BoardEvent, board: Board): AgentCard => {
  switch (told.type) {
    case 'task.claimed':
      return {
        ...card,
        status: 'working',
        currentTaskId: told.taskId,
        currentTaskSummary: told.taskId === undefined ? undefined : board.titles.get(told.taskId),
        lastProgress: told.time,
      };
    case 'task.stalled':
      return { ...card, status: 'stalled' };
    case 'task.progressed-again':
      return { ...card, status: 'working', lastProgress: told.time };
    case 'task.blocked':
      return { ...card, status: 'blocked', currentTaskSummary: waitingSummary(told.data.reason, card, board) };
    case 'task.answered':
      return told.data.kind === 'publishing'
        ? free(card, 'idle')
        : { ...card, status: 'working', currentTaskSummary: titleOf(card, board), lastProgress: told.time };
    case 'task.failed':
      return free(card, told.data.kind === 'agent-failed' ? 'error' : 'idle');
    case 'task.passed':
    case 'task.cancelled':
    case 'task.discarded':
    case 'task.attempt-interrupted':
      return free(card, 'idle');
    case 'agent.deregistered':
      return free(card, 'offline');
    case 'agent.circuit-opened':
      return { ...card, circuitOpenUntil: told.data.until };
    case 'agent.circuit-closed': {
      const { circuitOpenUntil: _until, ...rest } = card;
      return rest;
    }
    default:
      return told.type.startsWith('action.') ? { ...card, lastProgress: told.time } : card;
  }
};
