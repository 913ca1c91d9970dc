import { useEffect, useRef, useState } from 'react';
import { clean } from '#wording';
import { useRead } from '../api/reads.js';
import type { AgentKindView, Page, PlannedTask } from '../api/views.js';
import { Confirm } from '../ui/confirm.js';
import { PlanTask } from './plan-task.js';
import type { Review } from './reviewing.js';
import { moved } from './task-edit.js';
import { TaskForm } from './task-form.js';

interface ReviewTasksProps {
  readonly review: Review;
  /** Tasks of which a file has changed since the scan. */
  readonly gone: ReadonlySet<string>;
  /** Tasks that are not to be run. */
  readonly left: ReadonlySet<string>;
  readonly onChoose: (taskId: string, on: boolean) => void;
  readonly editing?: string;
  readonly onEdit: (taskId?: string) => void;
  /** Nothing may be changed: this is not the plan that there is. */
  readonly locked: boolean;
}
/** The tasks of a plan, to be chosen, ordered, edited and dropped. */
export const ReviewTasks = ({ review, gone, left, onChoose, editing, onEdit, locked }: ReviewTasksProps) => {
  const { read, edit } = review;
  const [dropping, setDropping] = useState<PlannedTask>();
  const order = useOrder(review);
  const kinds = useRead<Page<AgentKindView>>('/agents/kinds?limit=1000');
  const still = locked || edit.isPending;
  return (
    <section aria-label="Tasks">
      <p className="visually-hidden" role="status">
        {order.said}
      </p>
      <ol className="plan-tasks">
        {read.tasks.map((task, index) => (
          <PlanTask
            key={task.taskId}
            task={task}
            plan={read}
            place={index + 1}
            trouble={
              gone.has(task.taskId) ? 'A file of this task has changed since the scan. Plan anew for it.' : undefined
            }
            item={order.item(task.taskId)}
            choice={
              <input
                type="checkbox"
                className="plan-choice"
                aria-label={`Run ${clean(task.title)}`}
                checked={!left.has(task.taskId) && !gone.has(task.taskId)}
                disabled={gone.has(task.taskId)}
                onChange={({ target }) => onChoose(task.taskId, target.checked)}
              />
            }
            form={
              editing === task.taskId ? (
                <TaskForm
                  task={task}
                  kinds={suited(task, kinds.data?.items ?? [])}
                  pending={edit.isPending}
                  error={edit.error}
                  onSave={(change) => edit.mutate({ tasks: [change] }, { onSuccess: () => onEdit(undefined) })}
                  onLeave={() => {
                    edit.reset();
                    onEdit(undefined);
                  }}
                />
              ) : undefined
            }
          >
            {editing === undefined && (
              <TaskDeeds
                task={task}
                still={still}
                order={order}
                only={read.tasks.length === 1}
                onEdit={() => onEdit(task.taskId)}
                onDrop={() => setDropping(task)}
              />
            )}
          </PlanTask>
        ))}
      </ol>
      {dropping !== undefined && (
        <Confirm
          title={`Drop “${clean(dropping.title)}”?`}
          label="Drop the task"
          danger
          pending={edit.isPending}
          error={edit.error}
          onConfirm={() => edit.mutate({ drop: [dropping.taskId] }, { onSuccess: () => setDropping(undefined) })}
          onClose={() => {
            edit.reset();
            setDropping(undefined);
          }}
        >
          <p>It leaves this plan for good. To leave it out only this once, untick it instead.</p>
        </Confirm>
      )}
    </section>
  );
};

/** Its own agent, those that were weighed for it, and those that take findings of its kind. */
const suited = (task: PlannedTask, kinds: readonly AgentKindView[]): readonly AgentKindView[] =>
  kinds.filter(
    ({ kind, does }) =>
      kind === task.agent ||
      task.fallbacks?.includes(kind) === true ||
      does.includes(task.kind) ||
      task.choice?.candidates.some(({ agent }) => agent === kind),
  );

interface TaskDeedsProps {
  readonly task: PlannedTask;
  readonly still: boolean;
  readonly only: boolean;
  readonly order: Order;
  readonly onEdit: () => void;
  readonly onDrop: () => void;
}
const TaskDeeds = ({ task, still, only, order, onEdit, onDrop }: TaskDeedsProps) => {
  const title = clean(task.title);
  return (
    <>
      {!only && (
        <>
          <button
            type="button"
            className="button button-small button-plain"
            data-move={`up ${task.taskId}`}
            aria-label={`Move ${title} up`}
            aria-disabled={still || order.at(task.taskId) === 0}
            onClick={() => !still && order.move(task.taskId, -1)}
          >
            ↑
          </button>
          <button
            type="button"
            className="button button-small button-plain"
            data-move={`down ${task.taskId}`}
            aria-label={`Move ${title} down`}
            aria-disabled={still || order.at(task.taskId) === order.count - 1}
            onClick={() => !still && order.move(task.taskId, 1)}
          >
            ↓
          </button>
          <span
            className="drag"
            draggable={!still}
            title="Drag to reorder"
            aria-hidden="true"
            {...order.handle(task.taskId)}
          >
            ⠿
          </span>
        </>
      )}
      <button
        type="button"
        className="button button-small"
        disabled={still}
        onClick={onEdit}
        aria-label={`Edit ${title}`}
      >
        Edit
      </button>
      {!only && (
        <button
          type="button"
          className="button button-small"
          disabled={still}
          onClick={onDrop}
          aria-label={`Drop ${title}`}
        >
          Drop
        </button>
      )}
    </>
  );
};

type Order = ReturnType<typeof useOrder>;

/** Another order of the tasks: by buttons, or by dragging one onto the place of another. */
const useOrder = ({ read, edit }: Review) => {
  const ids = read.tasks.map(({ taskId }): string => taskId);
  const [said, setSaid] = useState('');
  const [dragged, setDragged] = useState<string>();
  const [over, setOver] = useState<string>();
  const back = useRef<string>(undefined);
  // A task that moves takes its buttons along, and the focus stays behind.
  useEffect(() => {
    if (back.current === undefined || edit.isPending) return;
    document.querySelector<HTMLElement>(`[data-move="${CSS.escape(back.current)}"]`)?.focus();
    back.current = undefined;
  });
  const put = (id: string, to: number) => {
    const order = moved(ids, id, to);
    if (order === ids) return;
    edit.mutate({ order }, { onSuccess: () => setSaid(`Task ${to + 1} of ${ids.length} now.`) });
  };
  return {
    said,
    count: ids.length,
    at: (id: string) => ids.indexOf(id),
    move: (id: string, by: 1 | -1) => {
      back.current = `${by < 0 ? 'up' : 'down'} ${id}`;
      put(id, ids.indexOf(id) + by);
    },
    handle: (id: string) => ({
      onDragStart: (event: React.DragEvent<HTMLElement>) => {
        event.dataTransfer.effectAllowed = 'move';
        event.dataTransfer.setData('text/plain', id);
        const card = event.currentTarget.closest('li');
        if (card !== null) event.dataTransfer.setDragImage(card, 20, 20);
        setDragged(id);
      },
      onDragEnd: () => {
        setDragged(undefined);
        setOver(undefined);
      },
    }),
    item: (id: string) => ({
      'data-dragged': dragged === id || undefined,
      'data-over': (over === id && dragged !== id) || undefined,
      onDragOver: (event: React.DragEvent) => {
        if (dragged === undefined) return;
        event.preventDefault();
        setOver(id);
      },
      onDrop: (event: React.DragEvent) => {
        event.preventDefault();
        if (dragged !== undefined) put(dragged, ids.indexOf(id));
      },
    }),
  };
};
