import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { LinksAgent } from '../../dist/libs/agents/src/index.js';
import { commandHash, newId, RedisEventStore } from '../../dist/libs/event-store/src/index.js';
import { inFlight, said } from './events.mjs';
import { git, makeRepository } from './git.mjs';
import { planned, planOf } from './story.mjs';

const AT_ONCE = 32;
const SAID = 8;
const FILES = [
  ['README.md', '# Small\n'],
  ['docs/part-1.md', '# Part 1\n\nSee [the beginning](../README.rst).\n'],
];

/** So many small repositories, one like the other: where they are, and their one commit. */
export const makeRepositories = async (folder, count) => {
  const first = await makeRepository(join(folder, 'first'), FILES);
  const base = (await git(first, 'rev-parse', 'HEAD')).trim();
  const paths = Array.from({ length: count }, (_, number) => join(folder, `repository-${number}`));
  await inFlight(AT_ONCE, count, (_, number) => cp(first, paths[number], { recursive: true }));
  return { paths, base };
};

const at = (stream, subjects, events) => ({ stream, guard: { kind: 'exact', version: 0 }, subjects, events });

/**
 * Writes sprints that run, one on each repository: approved, their base verified, their one task held by `worker`, which has
 * begun. As a service would have written them, one append for each.
 */
export const writeRunningSprints = async (redis, { paths, base }, worker) => {
  const store = await RedisEventStore.open({ redis: { path: redis } });
  const { digest } = new LinksAgent();
  await inFlight(AT_ONCE, paths.length, async (_, number) => {
    const sprintId = `s-${number}`;
    const taskId = `t-${number}`;
    const agentId = `links-${number + 100}`;
    const repository = { repositoryId: `r-${number}`, path: paths[number], name: `repository-${number}` };
    const task = { ...planned(1), taskId, agentDigest: digest };
    const plan = planOf([task], { planId: sprintId, repository, baseCommit: base });
    const { scope, grants, verification, budgets, planHash } = plan;
    const spec = { sprintId, repositoryId: repository.repositoryId, repositoryPath: repository.path, baseCommit: base };
    const verified = { outcome: 'passed', tree: base, isolation: 'none', weak: true, reused: false, steps: [] };
    const commandId = newId();
    await store.append({
      commandId,
      commandHash: commandHash(commandId),
      actor: 'bench',
      writes: [
        at(`repository-${repository.repositoryId}`, {}, [
          { type: 'repository.registered', data: repository },
          { type: 'repository.sprint-started', data: { sprintId } },
        ]),
        at(`sprint-${sprintId}`, { sprintId }, [
          { type: 'sprint.plan-requested', data: { sprintId, ...repository } },
          { type: 'sprint.plan-proposed', data: { plan } },
          { type: 'sprint.plan-approved', data: { planHash, taskIds: [taskId], declined: [], unattended: false } },
          { type: 'sprint.base-verified', data: verified },
          { type: 'sprint.started', data: { baseAccepted: false } },
        ]),
        at(`task-${taskId}`, { sprintId, taskId, agentId }, [
          { type: 'task.queued', data: { ...spec, scope, grants, verification, budgets, task } },
          { type: 'task.claimed', data: { worker, agentId, epoch: 1, attempt: 1 } },
          ...Array.from({ length: SAID }, (_, n) => said(n)),
        ]),
      ],
    });
  });
  return store;
};
