import { request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Api, Headers } from '../harness/api.js';
import { openPlace, type Place } from '../harness/place.js';
import { commitAll, FAULTS, git, makeRepository, ourBranches, QUICK, writeFiles } from '../harness/repositories.js';
import { launch, type Service } from '../harness/service.js';
import { ALL_PASSED, outcomesOf, propose, runSprint, taskOf, type PlanAnswer } from '../harness/sprints.js';

const HASH = 'a'.repeat(64);

describe('wrong input gets its documented error, and the service lives on', () => {
  let place: Place;
  let service: Service;
  let api: Api;
  let plan: PlanAnswer;

  beforeAll(async () => {
    place = await openPlace();
    service = launch(place);
    api = await service.ready;
    plan = await propose(api, { repository: await makeRepository(place.repositories, 'quick', QUICK) });
  }, 60_000);

  afterAll(async () => {
    await service?.stop();
    await place?.remove();
  });

  afterEach(async () => {
    expect((await fetch(`${api.url}/health/live`)).status).toBe(200);
  });

  const refusal = async (repository: string) => {
    const { status, body } = await api.post('/hyper-running/plan', { repository });
    return `${status} ${body.code}`;
  };
  const inPlace = (name: string) => join(place.repositories, name);

  describe('about a repository', () => {
    it('that does not exist', async () => {
      expect(await refusal(inPlace('nowhere'))).toBe('422 repository.not-found');
      expect(await refusal('r-unknown')).toBe('404 repository.unknown');
    });

    it('that lies outside the allowed roots, also by way of a symbolic link', async () => {
      const outside = await makeRepository(place.root, 'outside', QUICK);
      expect(await refusal(outside)).toBe('403 repository.not-allowed');
      await symlink(outside, inPlace('link'));
      expect(await refusal(inPlace('link'))).toBe('403 repository.not-allowed');
      expect(await refusal(`${inPlace('quick')}/../../outside`)).toBe('403 repository.not-allowed');
    });

    it('that is none, or an empty folder, or a file', async () => {
      await mkdir(inPlace('empty'));
      await writeFiles(place.repositories, { 'plain/docs/index.md': '# Hello\n' });
      expect(await refusal(inPlace('empty'))).toBe('422 repository.not-a-repository');
      expect(await refusal(inPlace('plain'))).toBe('422 repository.not-a-repository');
      expect(await refusal(inPlace('plain/docs/index.md'))).toBe('422 repository.not-a-repository');
    });

    it('without a commit at HEAD', async () => {
      await git(place.repositories, 'init', '--quiet', 'unborn');
      expect(await refusal(inPlace('unborn'))).toBe('422 repository.empty');
    });

    it('with SHA-256 object names', async () => {
      await git(place.repositories, 'init', '--quiet', '--object-format=sha256', 'sha256');
      await writeFiles(inPlace('sha256'), FAULTS);
      await commitAll(inPlace('sha256'), 'Begin');
      expect(await refusal(inPlace('sha256'))).toBe('422 repository.unsupported-format');
    });

    it('with a branch named hyper-run', async () => {
      const repository = await makeRepository(place.repositories, 'in-the-way', QUICK);
      await git(repository, 'branch', 'hyper-run');
      expect(await refusal(repository)).toBe('422 repository.branch-in-the-way');
    });

    it('whose own settings are wrong', async () => {
      const files = { ...FAULTS, '.hyper-run.json': '{ "verifi": [] }\n' };
      expect(await refusal(await makeRepository(place.repositories, 'settings', files))).toBe(
        '422 repository.invalid-config',
      );
    });
  });

  describe('what looks unusual works', () => {
    it('a bare repository', async () => {
      await git(place.repositories, 'clone', '--quiet', '--bare', inPlace('quick'), inPlace('bare.git'));
      const sprint = await runSprint(api, { repository: inPlace('bare.git') });
      expect(outcomesOf(sprint)).toEqual(ALL_PASSED);
      expect(await ourBranches(inPlace('bare.git'))).toHaveLength(3);
    });

    it('a detached HEAD and a dirty work tree, both shown in the plan; what is not committed is not read', async () => {
      const repository = await makeRepository(place.repositories, 'detached', QUICK);
      await git(repository, 'checkout', '--quiet', '--detach');
      await writeFiles(repository, { 'docs/words.md': '# Words\n\nUnsaved teh words.\n' });
      const made = await propose(api, { repository });
      expect(made.checkout).toEqual({ branch: null, dirty: true });
      expect(taskOf(made, 'spelling').evidence[0]?.excerpt).toContain('recieve');
    });

    it('a repository with a submodule and with files in Git LFS, which nobody is asked to change', async () => {
      const repository = await makeRepository(place.repositories, 'special', {
        ...QUICK,
        '.gitattributes': '*.big.md filter=lfs\n',
        'docs/map.big.md': 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12 teh\n',
      });
      const head = await git(repository, 'rev-parse', 'HEAD');
      await git(repository, 'update-index', '--add', '--cacheinfo', `160000,${head},docs/module`);
      await git(repository, 'commit', '--quiet', '--message', 'Add a module');
      const made = await propose(api, { repository });
      const paths = made.tasks.flatMap((task) => task.paths);
      expect(paths).toContain('docs/words.md');
      expect(paths.filter((path) => /map|module/.test(path))).toEqual([]);
    });

    it('a repository in which there is nothing to do', async () => {
      const made = await propose(api, {
        repository: await makeRepository(place.repositories, 'tidy', { 'docs/index.md': '# Tidy\n' }),
      });
      expect(made.tasks).toEqual([]);
      const answer = await api.post('/hyper-running/execute', { planId: made.planId, planHash: made.planHash });
      expect(`${answer.status} ${answer.body.code}`).toBe('422 plan.nothing-approved');
    });
  });

  describe('about a request', () => {
    it.each([
      ['/hyper-running/plans/s-nowhere', '404 sprint.unknown'],
      ['/hyper-running/sprints/s-nowhere', '404 sprint.unknown'],
      ['/hyper-running/sprints/s-nowhere/events', '404 sprint.unknown'],
      ['/hyper-running/sprints/s-nowhere/report', '404 sprint.unknown'],
      ['/hyper-running/sprints/s-nowhere/verify', '404 sprint.unknown'],
      ['/hyper-running/tasks/t-nowhere', '404 task.unknown'],
      ['/hyper-running/tasks/t-nowhere/diff', '404 task.unknown'],
      ['/hyper-running/tasks/t-nowhere/events', '404 task.unknown'],
      ['/hyper-running/sprints/NOT%20AN%20ID', '422 request.invalid'],
      ['/agents/a-nowhere', '404 agent.unknown'],
      ['/nowhere', '404 request.not-found'],
      ['/events?after=nonsense', '422 cursor.invalid'],
      ['/events?limit=0', '422 request.invalid'],
      ['/events?colour=red', '422 request.invalid'],
    ])('GET %s: %s', async (path, expected) => {
      const { status, body } = await api.get(path);
      expect(`${status} ${body.code}`).toBe(expected);
    });

    it.each([
      ['a body that is not JSON', '{"planId": ', '400 request.malformed'],
      ['a body that is not an object', '[]', '422 request.invalid'],
      ['an unknown field', JSON.stringify({ planId: 's-1', planHash: HASH, force: true }), '422 request.invalid'],
      ['a field of another type', JSON.stringify({ planId: 7, planHash: HASH }), '422 request.invalid'],
      ['a hash that is none', JSON.stringify({ planId: 's-1', planHash: 'abc' }), '422 request.invalid'],
      ['a polluted prototype', '{"__proto__": {"planId": "s-1"}}', '400 request.malformed'],
      ['a giant body', `{"planId": "${'x'.repeat(2_000_000)}"}`, '413 request.body-too-large'],
    ])('%s', async (_, text, expected) => {
      const answer = await api.raw('POST', '/hyper-running/execute', text, { 'content-type': 'application/json' });
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      const { code } = (await answer.json()) as { code: string };
      expect(`${answer.status} ${code}`).toBe(expected);
    });

    it('in another media type, or with a method that is not there', async () => {
      const text = await api.raw('POST', '/hyper-running/plan', 'a: 1', { 'content-type': 'text/yaml' });
      expect(text.status).toBe(415);
      expect((await api.raw('DELETE', `/hyper-running/plans/${plan.planId}`)).status).toBe(405);
    });

    it('from somebody without the token, or from a page of another site', async () => {
      const path = `/hyper-running/plans/${plan.planId}`;
      expect(await api.get(path, { authorization: '' })).toMatchObject({
        status: 401,
        body: { code: 'access.token-missing' },
      });
      expect(await api.get(path, { authorization: 'Bearer nonsense' })).toMatchObject({
        status: 401,
        body: { code: 'access.token-wrong' },
      });
      expect(await api.get(path, { origin: 'https://evil.example' })).toMatchObject({
        status: 403,
        body: { code: 'access.origin-refused' },
      });
      expect((await api.get(path)).status).toBe(200);
    });

    it('under a name that is not its own', async () => {
      const sent = request(`${api.url}/events`, {
        headers: { host: 'evil.example', authorization: `Bearer ${api.token}` },
        agent: false,
      }).end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      response.resume();
      expect(response.statusCode).toBe(403);
    });

    it('with a scope that reaches out of the repository', async () => {
      const { repositoryId } = plan.repository;
      for (const pattern of ['../**', '/etc/**', 'docs/../../x', 'a\0b']) {
        const { status } = await api.post('/hyper-running/plan', { repository: repositoryId, scope: [pattern] });
        expect([pattern, status]).toEqual([pattern, 422]);
      }
    });
  });

  it('several hundred malformed requests: not one answer of 5xx', async () => {
    const answers: string[] = [];
    for (const batch of inBatches(matrix(plan), 16))
      answers.push(...(await Promise.all(batch.map((one) => statusOf(api, one)))));
    expect(answers.length).toBeGreaterThan(300);
    expect(answers.filter((answer) => !/ 4\d\d$/.test(answer))).toEqual([]);
  });
});

interface Malformed {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Headers;
}

const inBatches = <T>(all: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));

const statusOf = async (api: Api, { method, path, body, headers }: Malformed): Promise<string> => {
  const response = await api.raw(method, path, body, { 'content-type': 'application/json', ...headers });
  await response.arrayBuffer();
  return `${method} ${path} ${body?.slice(0, 120) ?? ''} ${response.status}`;
};

/** Every endpoint that takes something, with every kind of nonsense in its place. None of it is a valid request. */
const matrix = ({ planId, planHash }: PlanAnswer): Malformed[] => {
  const ids = ['%00', '%2e%2e%2f', 'A', 'x'.repeat(41), '%F0%9F%9A%80', "'--", '{}', 's-none', '%'];
  const places = [
    ...[
      'plans/@',
      'sprints/@',
      'sprints/@/events',
      'sprints/@/report',
      'sprints/@/verify',
      'tasks/@',
      'tasks/@/diff',
    ].map((path) => ['GET', `/hyper-running/${path}`] as const),
    ...['sprints/@/pause', 'sprints/@/resume', 'sprints/@/cancel', 'plans/@/reject'].map(
      (path) => ['POST', `/hyper-running/${path}`] as const,
    ),
    ...['tasks/@/cancel', 'tasks/@/discard', 'tasks/@/retry'].map(
      (path) => ['POST', `/hyper-running/${path}`] as const,
    ),
    ['GET', '/agents/@'] as const,
    ['POST', '/alerts/@/acknowledge'] as const,
    ['POST', '/findings/@/dismiss'] as const,
  ];
  const byId = places.flatMap(([method, path]) =>
    ids.map((id) => ({ method, path: path.replace('@', id), body: method === 'POST' ? '{}' : undefined })),
  );
  const values = [
    '7',
    'true',
    '{}',
    '[[]]',
    '"\\u0000"',
    `"${'x'.repeat(5000)}"`,
    '[null]',
    '-1',
    '1e400',
    '{"length":3}',
  ];
  const fields: readonly (readonly [string, string, readonly string[]])[] = [
    ['POST', '/hyper-running/plan', ['repository', 'scope', 'focus', 'unknown', 'constructor']],
    ['POST', '/hyper-running/execute', ['planId', 'planHash', 'taskIds', 'unknown']],
    ['POST', '/repositories', ['path', 'unknown']],
    ['POST', `/hyper-running/plans/${planId}/reject`, ['unknown', 'planHash']],
    ['PATCH', `/hyper-running/plans/${planId}`, ['drop', 'order', 'tasks', 'unknown']],
  ];
  const byField = fields.flatMap(([method, path, names]) =>
    names.flatMap((name) =>
      values
        .filter((value) => !(name === 'focus' && value === '"\\u0000"'))
        .map((value) => ({
          method,
          path,
          body: `{"${name}":${value}${name === 'planId' ? `,"planHash":"${planHash}"` : ''}}`,
          headers: { 'if-match': `"${planHash}"` },
        })),
    ),
  );
  const queries = [
    'limit=-1',
    'limit=1001',
    'limit=x',
    'limit=1&limit=2&x',
    'after=%00',
    'after[]=1',
    'type=nothing',
    'sprint=A%20B',
    'colour=1',
  ];
  const byQuery = ['/events', '/hyper-running/sprints', '/hyper-running/plans', '/repositories'].flatMap((path) =>
    queries.map((query) => ({ method: 'GET', path: `${path}?${query}` })),
  );
  const texts = ['', 'null', '"text"', '{"a":', '[]', '\u0000', '{"a":1}{"b":2}', '['.repeat(10_000), 'NaN'];
  const byText = fields.flatMap(([method, path]) =>
    texts
      .filter((text) => !(['', 'null'].includes(text) && path.endsWith('/reject')))
      .map((body) => ({ method, path, body, headers: { 'if-match': `"${HASH}"` } })),
  );
  const byHeader = [
    { 'idempotency-key': 'with space' },
    { 'idempotency-key': 'x'.repeat(200) },
    { 'if-match': 'nonsense' },
    { 'content-type': 'application/json; charset=utf-7' },
    { 'content-type': 'multipart/form-data; boundary=x' },
  ].map((headers) => ({ method: 'PATCH', path: `/hyper-running/plans/${planId}`, body: '{"drop":7}', headers }));
  return [...byId, ...byField, ...byQuery, ...byText, ...byHeader];
};
