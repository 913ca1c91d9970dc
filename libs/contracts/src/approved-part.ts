// Apart from the schemas: whoever needs this alone, as the browser does, gets by without their library.
import type { Plan } from './plan.js';

/** Exactly what is approved: the part of a plan that its hash is taken over (RFC 8785, SHA-256). */
export const approvedPart = (plan: Omit<Plan, 'planHash'>) => ({
  planId: plan.planId,
  repository: plan.repository,
  baseCommit: plan.baseCommit,
  scope: plan.scope,
  tasks: plan.tasks.map((task) => ({
    taskId: task.taskId,
    title: task.title,
    paths: task.paths,
    agent: task.agent,
    agentDigest: task.agentDigest,
    ...(task.fallbacks === undefined ? {} : { fallbacks: task.fallbacks }),
    instructions: task.instructions,
    evidence: task.evidence.map((evidence) => evidence.findingId),
    ...(plan.worded === undefined ? {} : { rationale: task.rationale }),
    ...(task.changes === undefined ? {} : { changes: task.changes }),
  })),
  ...(plan.agents === undefined ? {} : { agents: plan.agents }),
  ...(plan.worded === undefined ? {} : { worded: plan.worded }),
  verification: plan.verification,
  grants: plan.grants,
  budgets: plan.budgets,
  ...(plan.troubles === undefined ? {} : { troubles: plan.troubles }),
});
