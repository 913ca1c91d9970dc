import { fileURLToPath } from 'node:url';
import { payload } from '../events.mjs';
import { load } from '../not-measured.mjs';

const TASK_QUEUE = { name: 'bench' };
/** A flag that the worker of today leaves in its first completed task: names of activities are compared, too. */
const CHECKS_OF_ID_AND_TYPE = 1;
const EVENTS_PER_STEP = 6;
const EVENTS_AROUND = 5;

/**
 * Replay of a recorded history by Temporal, without a server: it runs the code of the workflow again and compares what that
 * does with the history. Each step is an activity with a result of 300 bytes, six events of a history. The bundle of the
 * workflow's code is made once, beforehand.
 */
export const open = async () => {
  const { Runtime, Worker, bundleWorkflowCode, DefaultLogger } = await load('@temporalio/worker');
  const { default: protocol } = await load('@temporalio/proto');
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const workflowsPath = fileURLToPath(new URL('temporal-workflow.mjs', import.meta.url));
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  return {
    /** A history of about so many events, and how many it has. */
    history: (events) => {
      const steps = Math.floor((events - EVENTS_AROUND) / EVENTS_PER_STEP);
      const history = protocol.temporal.api.history.v1.History.fromObject({ events: historyOf(steps) });
      return { history, steps, events: history.events.length };
    },
    replay: ({ history }) => Worker.runReplayHistory({ workflowBundle }, history),
    close: async () => undefined,
  };
};

const payloads = (value) => ({
  payloads: [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(JSON.stringify(value)) }],
});

/** As the server would have recorded it. */
const historyOf = (steps) => {
  const events = [];
  const add = (eventType, attributes) => {
    const eventId = events.length + 1;
    events.push({ eventId, eventTime: { seconds: 1_700_000_000 + eventId }, eventType, ...attributes });
    return eventId;
  };
  /** A workflow task: scheduled, started, completed. */
  const workflowTask = () => {
    const scheduledEventId = add('EVENT_TYPE_WORKFLOW_TASK_SCHEDULED', {
      workflowTaskScheduledEventAttributes: { taskQueue: TASK_QUEUE, startToCloseTimeout: { seconds: 10 }, attempt: 1 },
    });
    const startedEventId = add('EVENT_TYPE_WORKFLOW_TASK_STARTED', {
      workflowTaskStartedEventAttributes: { scheduledEventId, identity: 'bench', requestId: `${scheduledEventId}` },
    });
    return add('EVENT_TYPE_WORKFLOW_TASK_COMPLETED', {
      workflowTaskCompletedEventAttributes: {
        scheduledEventId,
        startedEventId,
        identity: 'bench',
        ...(scheduledEventId < 5 && { sdkMetadata: { coreUsedFlags: [CHECKS_OF_ID_AND_TYPE] } }),
      },
    });
  };
  add('EVENT_TYPE_WORKFLOW_EXECUTION_STARTED', {
    workflowExecutionStartedEventAttributes: {
      workflowType: { name: 'work' },
      taskQueue: TASK_QUEUE,
      input: payloads(steps),
      workflowTaskTimeout: { seconds: 10 },
      originalExecutionRunId: 'bench',
      firstExecutionRunId: 'bench',
      identity: 'bench',
      attempt: 1,
    },
  });
  let workflowTaskCompletedEventId = workflowTask();
  for (let n = 0; n < steps; n++) {
    const scheduledEventId = add('EVENT_TYPE_ACTIVITY_TASK_SCHEDULED', {
      activityTaskScheduledEventAttributes: {
        activityId: `${n + 1}`,
        activityType: { name: 'step' },
        taskQueue: TASK_QUEUE,
        input: payloads(n),
        startToCloseTimeout: { seconds: 60 },
        workflowTaskCompletedEventId,
      },
    });
    const startedEventId = add('EVENT_TYPE_ACTIVITY_TASK_STARTED', {
      activityTaskStartedEventAttributes: { scheduledEventId, identity: 'bench', requestId: `${n}`, attempt: 1 },
    });
    add('EVENT_TYPE_ACTIVITY_TASK_COMPLETED', {
      activityTaskCompletedEventAttributes: {
        scheduledEventId,
        startedEventId,
        result: payloads(payload(n)),
        identity: 'bench',
      },
    });
    workflowTaskCompletedEventId = workflowTask();
  }
  add('EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED', {
    workflowExecutionCompletedEventAttributes: {
      result: payloads(Array.from({ length: steps }, (_, n) => payload(n).length).reduce((a, b) => a + b, 0)),
      workflowTaskCompletedEventId,
    },
  });
  return events;
};
