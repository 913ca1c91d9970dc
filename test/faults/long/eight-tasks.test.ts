import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compareFingerprints } from '#git';
import { withAgents } from '../../harness/agents.js';
import type { Api } from '../../harness/api.js';
import { exportSprint } from '../../harness/audit.js';
import { LiveEvents } from '../../harness/events.js';
import { leftovers, openPlace, type Place } from '../../harness/place.js';
import { processesWith } from '../../harness/processes.js';
import { fingerprintOf, git, makeRepository, ourBranches } from '../../harness/repositories.js';
import { launch, type Service } from '../../harness/service.js';
import { approve, completed, propose } from '../../harness/sprints.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const AT_ONCE = 8;
const pageOf = (index: number) => `w${index}/page.md`;

describe(`${AT_ONCE} tasks at once on one repository, each with a program in a sandbox of its own`, () => {
  const mark = `mark-${randomUUID()}`;
  let place: Place;
  let service: Service;
  let api: Api;

  beforeAll(async () => {
    place = await openPlace({ HYPER_RUN_CONCURRENCY: String(AT_ONCE), HYPER_RUN_LEASE_SECONDS: '15' });
    const asker = {
      type: 'acp',
      command: ['node', join(ROOT, 'test/agents/misbehaving-agent.mjs'), 'acp', 'asks', mark],
      mounts: [join(ROOT, 'node_modules'), join(ROOT, 'test/agents')],
      startSeconds: 600,
      does: ['todo'],
    };
    service = launch(place, await withAgents(place, { asker }));
    api = await service.ready;
  }, 60_000);
  afterAll(async () => {
    await service?.stop();
    await place?.remove();
  });

  it('are all at work at the same time, know nothing of one another, and leave eight branches and nothing else', async () => {
    const pages = Array.from({ length: AT_ONCE }, (_, index) => [pageOf(index), `# ${index}\n\nText. <!-- TODO: remove this -->\n`] as const); // prettier-ignore
    const repository = await makeRepository(place.repositories, 'atlas', {
      ...Object.fromEntries(pages),
      '.hyper-run.json': '{ "verify": ["test $(ls -d w* | wc -l) = 8"], "agents": { "todo": "asker" } }\n',
    });
    const before = await fingerprintOf(repository);
    const plan = await propose(api, { repository, scope: ['w*/**'], maxTasks: 20 });
    expect(plan.tasks.map(({ agent, paths }) => `${agent} ${paths.join()}`).toSorted()).toEqual(
      pages.map(([path]) => `asker ${path}`),
    );
    const live = await LiveEvents.open(api, { sprint: plan.planId });
    const began = performance.now();
    await approve(api, plan);
    const blocked = () => live.names.filter((name) => name === 'task.blocked').length;
    await live.until(() => blocked() === AT_ONCE, 'that all of them ask');
    const allAsked = performance.now();
    expect(live.names.filter((name) => name === 'task.claimed')).toHaveLength(AT_ONCE);
    const programs = await processesWith(mark);
    expect(programs.length).toBeGreaterThanOrEqual(AT_ONCE);
    for (const [index, { taskId }] of plan.tasks.entries())
      expect((await api.post(`/hyper-running/tasks/${taskId}/answer`, { text: `word-${index}` })).status).toBe(202);
    const sprint = await completed(api, plan.planId);
    const took = performance.now();
    live.close();
    process.stderr.write(
      `${AT_ONCE} tasks at once: all at work ${Math.round(allAsked - began)} ms after approval, all published ${Math.round(took - allAsked)} ms after their answers\n`,
    );
    expect(sprint.tasks.map(({ status, attempts }) => `${status} ${attempts}`)).toEqual(
      Array(AT_ONCE).fill('passed 1'),
    );
    expect(await ourBranches(repository)).toHaveLength(AT_ONCE);
    for (const [index, { taskId, paths }] of plan.tasks.entries()) {
      expect(await git(repository, 'diff', '--name-only', 'main', `hyper-run/${taskId}`)).toBe(paths[0]);
      expect(await git(repository, 'show', `hyper-run/${taskId}:${paths[0]}`)).toContain(`Text. word-${index}`);
    }
    expect((await exportSprint(api, plan.planId)).verified.valid).toBe(true);
    expect(compareFingerprints(before, await fingerprintOf(repository))).toEqual([]);
    expect(await leftovers(place)).toEqual([]);
    expect(await processesWith(mark)).toEqual([]);
  }, 300_000);
});
