import { historiesOf, type EventHistory } from '../live/event-history.js';
import { SprintTimeline } from './moment.js';

export type SprintHistory = EventHistory<SprintTimeline>;

/** The history of a sprint; drawn again whenever it grows. */
export const useHistory = historiesOf((sprintId) => ({
  path: `/hyper-running/sprints/${sprintId}/events`,
  isMine: (event) => event.sprintId === sprintId,
  begin: () => new SprintTimeline(),
}));
