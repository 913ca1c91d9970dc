import { useCallback, useEffect, useState } from 'react';
import { write } from '../api/client.js';
import { queries, useDeed, useRead } from '../api/reads.js';
import type { PlanView, ReadyPlan, SprintView } from '../api/views.js';
import { awaitEvent } from '../live/await-event.js';
import type { SeenEvent } from '../live/told.js';
import { go } from '../shell/route.js';
import { planChanges } from './plan-changes.js';
import type { PlanEdit } from './task-edit.js';

const pathOf = (planId: string) => `/hyper-running/plans/${planId}`;

/** A plan as it is now; read again when an event changes it, and when somebody comes back to this page. */
export const usePlan = (planId: string) => {
  const changes = useCallback(
    ({ type, sprintId }: SeenEvent) => sprintId === planId && type.startsWith('sprint.'),
    [planId],
  );
  const plan = useRead<PlanView>(pathOf(planId), changes);
  // A repository goes on without an event of ours.
  useEffect(() => {
    const again = () => void queries.invalidateQueries({ queryKey: [pathOf(planId)] });
    addEventListener('focus', again);
    return () => removeEventListener('focus', again);
  }, [planId]);
  return plan;
};

/**
 * A review of a proposed plan. What is edited and approved is the plan that was read, under its hash: one that was changed
 * elsewhere meanwhile is `changed`, and nothing can be decided before `showNew`.
 */
export const useReview = (newest: ReadyPlan) => {
  const [read, setRead] = useState(newest);
  const { planId } = newest;
  const is = (type: string) => awaitEvent((event) => event.type === type && event.sprintId === planId);
  const edit = useDeed(
    async (change: PlanEdit) => {
      const headers = { 'If-Match': `"${read.planHash}"` };
      const edited = await write<ReadyPlan>(pathOf(planId), change, { method: 'PATCH', headers });
      // An answer that is on its way may be older than this one.
      await queries.cancelQueries({ queryKey: [pathOf(planId)] });
      queries.setQueryData([pathOf(planId)], { head: newest.head, ...edited });
      setRead(edited);
    },
    undefined,
    'here',
  );
  const approve = useDeed(
    async (taskIds: readonly string[]) => {
      const seen = is('sprint.plan-approved');
      await write<SprintView>('/hyper-running/execute', { planId, planHash: read.planHash, taskIds });
      await seen;
      // By now the plan is shown as decided, and this review is gone.
      go({ screen: 'sprint', sprintId: planId, tab: 'overview' });
    },
    undefined,
    'here',
  );
  const reject = useDeed(
    async (reason: string) => {
      const seen = is('sprint.plan-rejected');
      await write<PlanView>(`${pathOf(planId)}/reject`, reason === '' ? {} : { reason });
      await seen;
    },
    'The plan was rejected.',
    'here',
  );
  const stale = newest.planHash !== read.planHash && !edit.isPending;
  return {
    read,
    edit,
    approve,
    reject,
    changed: stale ? planChanges(read, newest) : undefined,
    showNew: () => {
      edit.reset();
      approve.reset();
      setRead(newest);
    },
  };
};
export type Review = ReturnType<typeof useReview>;
