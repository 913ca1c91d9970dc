import { useRead } from '../api/reads.js';
import type { HealthView } from '../api/views.js';
import type { SeenEvent } from '../live/told.js';
import { changesSprint } from './sprints-store.js';

/** Whether somebody is there for the work shows when work moves, or waits: the figures need not follow every event. */
const LOOK_EVERY_MS = 2000;

const changesHealth = (event: SeenEvent): boolean =>
  changesSprint(event) || (event.type === 'alert.raised' && event.data.kind === 'log.event-parked');

/** How the service is, of late. */
export const useHealth = () => useRead<HealthView>('/health/ready', changesHealth, 'json', LOOK_EVERY_MS);
