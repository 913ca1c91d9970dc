// The life of one repository: which sprint runs on it, and what must never be proposed again.
import { HyperRunError, type EventOf, type RepositoryId, type SprintId } from '#contracts';
import { event, type Decider, type Told } from './decider.js';

export type RepositoryEvent = EventOf<
  'repository.registered' | 'repository.sprint-started' | 'repository.sprint-ended' | 'repository.finding-dismissed'
>;

export type RepositoryState =
  | { readonly status: 'absent' }
  | {
      readonly status: 'registered';
      readonly repositoryId: RepositoryId;
      readonly path: string;
      readonly name: string;
      /** The sprint that runs now; one at most. */
      readonly running?: SprintId;
      readonly dismissed: ReadonlySet<string>;
    };

export type RepositoryCommand =
  | { readonly type: 'register'; readonly repositoryId: RepositoryId; readonly path: string; readonly name: string }
  | { readonly type: 'start-sprint'; readonly sprintId: SprintId }
  | { readonly type: 'end-sprint'; readonly sprintId: SprintId }
  | { readonly type: 'dismiss-finding'; readonly findingId: string; readonly reason: string };

const evolve = (state: RepositoryState, told: Told): RepositoryState => {
  switch (told.type) {
    case 'repository.registered':
      return { status: 'registered', ...told.data, dismissed: new Set() };
    case 'repository.sprint-started':
      return state.status === 'absent' ? state : { ...state, running: told.data.sprintId };
    case 'repository.sprint-ended':
      return state.status === 'absent' ? state : { ...state, running: undefined };
    case 'repository.finding-dismissed':
      return state.status === 'absent'
        ? state
        : { ...state, dismissed: new Set([...state.dismissed, told.data.findingId]) };
    default:
      return state;
  }
};

const decide = (command: RepositoryCommand, state: RepositoryState): RepositoryEvent[] => {
  if (command.type === 'register') {
    if (state.status === 'registered') return [];
    return [
      event('repository.registered', {
        repositoryId: command.repositoryId,
        path: command.path,
        name: command.name,
      }),
    ];
  }
  if (state.status === 'absent')
    throw new HyperRunError('repository.unknown', 'This repository is not registered. Add it with POST /repositories.');
  switch (command.type) {
    case 'start-sprint':
      if (state.running === command.sprintId) return [];
      if (state.running !== undefined)
        throw new HyperRunError(
          'repository.busy',
          `Sprint ${state.running} runs on this repository; one runs at a time. Wait for it, or cancel it.`,
          { running: state.running },
        );
      return [event('repository.sprint-started', { sprintId: command.sprintId })];
    case 'end-sprint':
      return state.running === command.sprintId
        ? [event('repository.sprint-ended', { sprintId: command.sprintId })]
        : [];
    case 'dismiss-finding':
      return state.dismissed.has(command.findingId)
        ? []
        : [event('repository.finding-dismissed', { findingId: command.findingId, reason: command.reason })];
  }
};

export const repository: Decider<RepositoryState, RepositoryCommand, RepositoryEvent> = {
  initial: { status: 'absent' },
  decide,
  evolve,
};
