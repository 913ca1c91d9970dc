/** Every place at which a test may end the process with SIGKILL, in the order of a sprint. */
export const FAILPOINTS = [
  'command.decided',
  'command.appended',
  'analysis.claimed',
  'analysis.before-propose',
  'orchestrator.before-step',
  'orchestrator.after-step',
  'base.claimed',
  'base.before-record',
  'task.claimed',
  'task.agent-done',
  'task.candidate-built',
  'task.candidate-collected',
  'task.gate-passed',
  'task.verified',
  'task.commit-made',
  'task.pack-stored',
  'task.publish-decided',
  'task.objects-imported',
  'task.branch-published',
  'integration.claimed',
  'integration.merged',
  'integration.verified',
  'integration.commit-made',
  'integration.pack-stored',
  'integration.decided',
  'integration.published',
  'archive.written',
  'archive.recorded',
  'archive.trimmed',
] as const;
export type Failpoint = (typeof FAILPOINTS)[number];

const wanted = process.env['HYPER_RUN_FAILPOINT'];

/** For fault tests: ends this process on the spot when it was started with HYPER_RUN_FAILPOINT set to this name. */
export const failpoint = (name: Failpoint): void => {
  if (name === wanted) process.kill(process.pid, 'SIGKILL');
};
