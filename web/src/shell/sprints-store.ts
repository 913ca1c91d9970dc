import type { SprintView, Page } from '../api/views.js';
import { useRead } from '../api/reads.js';
import type { SeenEvent } from '../live/told.js';

export const changesSprint = (event: SeenEvent): boolean =>
  event.type.startsWith('sprint.') || (event.type.startsWith('task.') && event.type !== 'task.tool-refused');

/** Sprints and plans, newest first. */
export const useSprints = () => useRead<Page<SprintView>>('/hyper-running/sprints?plans=true&limit=200', changesSprint);

const OPEN = ['analysing', 'proposed', 'approved', 'running', 'pausing', 'paused', 'cancelling'];
export const isOpen = ({ status }: Pick<SprintView, 'status'>): boolean => OPEN.includes(status);
